import type { AbortedTransactionEntry } from '../../protocol/files/indexEntries.ts'
import { isTransactional, lastOffset, producerId, recordCount } from '../../protocol/records/batch.ts'
import { transactionMarkerOf } from '../producerBatches.ts'

interface AbortedTransaction {
  readonly entry: AbortedTransactionEntry
  /** Whether any of its batches is still there. */
  hasData: boolean
}

/**
 * Follows the transactions of a log from batch to batch, in order: which data was aborted, and which markers have nothing left that they decide. One
 * for each reading of the log, because transactions span segments.
 */
export class CleanedTransactions {
  /** Not begun yet, the one that begins first last. */
  readonly #coming: AbortedTransactionEntry[]
  readonly #aborted = new Map<number, AbortedTransaction>()
  readonly #committed = new Set<number>()

  /** `aborted` are all aborted transactions that reach into what will be read. */
  constructor(aborted: readonly AbortedTransactionEntry[]) {
    this.#coming = aborted.toSorted((one, other) => other.firstOffset - one.firstOffset)
  }

  /** Takes a data batch into account. Answers whether its transaction was aborted: then its records are good for nothing. */
  isAborted(batch: Buffer): boolean {
    this.#begin(lastOffset(batch))
    if (!isTransactional(batch)) return false
    const aborted = this.#aborted.get(producerId(batch))
    if (aborted === undefined) {
      this.#committed.add(producerId(batch))
      return false
    }
    aborted.hasData = true
    return true
  }

  /**
   * Takes a control batch into account: whether nothing is left of what it decides. With it, the entry that the transaction index needs as long as something
   * of an aborted transaction is there.
   */
  marker(batch: Buffer): { readonly isNeedless: boolean; readonly aborted: AbortedTransactionEntry | undefined } {
    this.#begin(lastOffset(batch))
    const marker = transactionMarkerOf(batch)
    if (marker === undefined) return { isNeedless: recordCount(batch) === 0, aborted: undefined }
    const { producerId } = marker
    if (marker.type === 'commit') return { isNeedless: !this.#committed.delete(producerId), aborted: undefined }
    const aborted = this.#aborted.get(producerId)
    this.#aborted.delete(producerId)
    return aborted?.hasData === true ? { isNeedless: false, aborted: aborted.entry } : { isNeedless: true, aborted: undefined }
  }

  #begin(upTo: number): void {
    for (let next = this.#coming.at(-1); next !== undefined && next.firstOffset <= upTo; next = this.#coming.at(-1)) {
      this.#coming.pop()
      this.#aborted.set(next.producerId, { entry: next, hasData: false })
    }
  }
}
