import type { Loan } from '../base/bufferPool.ts'

/** How much a reader takes, and up to where it may see. */
export interface ReadOptions {
  /** Of all batches together; only the first one may be larger. */
  readonly maxBytes: number
  /** Exclusive: the high watermark, the last stable offset or the log end offset, as the reader may see. */
  readonly upTo: number
  /** Whether the first batch comes even when it alone is larger than `maxBytes`. */
  readonly atLeastOneBatch: boolean
  /** Where to read to. What is read stays there: whoever gives it back is through with it. */
  readonly memory?: Pick<Loan, 'take' | 'hold'> | undefined
}
