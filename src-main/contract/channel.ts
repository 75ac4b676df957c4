/**
 * What travels between renderer and host.
 *
 * The asker sends `ask` with a fresh id, later perhaps `stop`. For a call it hears one `answer` or `fail`; for a stream any
 * number of `item`s, each acknowledged with `more` once it was taken, and then `end` or `fail`. At most `STREAM_WINDOW` items
 * are under way unacknowledged, so that a slow asker slows its source.
 */
export type Frame =
  | { readonly type: 'ask'; readonly id: number; readonly subject: string; readonly operation: string; readonly input: unknown }
  | { readonly type: 'stop'; readonly id: number }
  | { readonly type: 'more'; readonly id: number; readonly taken: number }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'item'; readonly id: number; readonly value: unknown }
  | { readonly type: 'end'; readonly id: number }
  | { readonly type: 'fail'; readonly id: number; readonly failure: Failure }

/** Items of one stream that may be under way before the asker has taken any of them. */
export const STREAM_WINDOW = 64

/** An error as data. `code` is a stable name the renderer has a sentence for (a Kafka error name, or one of ours); `details` fill its blanks. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly details: Readonly<Record<string, string | number>>
}

/** What the asker of a failed operation catches. */
export class BridgeError extends Error {
  readonly code: string
  readonly details: Failure['details']

  constructor(failure: Failure) {
    super(failure.message)
    this.name = 'BridgeError'
    this.code = failure.code
    this.details = failure.details
  }
}

/** All a transport has to be. Frames may hold bytes (`Uint8Array`); a transport that carries text encodes them. */
export interface Channel {
  post(frame: Frame): void
  onFrame(listen: (frame: Frame) => void): void
  onClose(listen: () => void): void
  close(): void
}
