/** Chromium cuts an element off at 33,554,428 px. What is longer is scrolled at a scale. */
export const TALLEST_PX = 30_000_000

/** How a scroll bar of bounded length stands for content of any length. All lengths in px. */
export interface ScrollScale {
  /** What the content would need. */
  readonly content: number
  /** What the spacer gets. */
  readonly spacer: number
  readonly isScaled: boolean
  toContent(scrollTop: number): number
  toScroll(contentTop: number): number
}

export function scrollScale({ content, viewport }: { content: number; viewport: number }): ScrollScale {
  const spacer = Math.min(content, TALLEST_PX)
  const ratio = spacer > viewport ? (content - viewport) / (spacer - viewport) : 1
  return {
    content,
    spacer,
    isScaled: spacer < content,
    toContent: scrollTop => scrollTop * ratio,
    toScroll: contentTop => contentTop / ratio,
  }
}
