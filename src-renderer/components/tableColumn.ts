export interface Column {
  readonly key: string
  readonly title: string
  /** A CSS track size. */
  readonly width: string
  readonly isNumber?: boolean
  /** The right edge of its head can be dragged. */
  readonly isResizable?: boolean
  /** Its head sorts by it. */
  readonly canSort?: boolean
  /** Its head can be dragged to the place of another one. */
  readonly isMovable?: boolean
}

export interface Sorting {
  readonly key: string
  readonly isDescending: boolean
}

/** Marks on rows, as their owner keeps them. */
export interface Marking {
  /** Any row at all. */
  readonly isAny: boolean
  /** What the place for a mark says to the mouse. */
  readonly hint: string
  /** `null`: this row cannot be. */
  isMarked(index: number): boolean | null
  toggle(index: number): void
  /** From the current row, or where the last extension began, to this one. */
  extend(from: number, to: number): void
  all(): void
}
