import type { CompressionName } from '../../protocol/records/batch.ts'
import type { NewRecord } from '../../protocol/records/batchBuilder.ts'
import type { Parcel } from '../outflow.ts'

/** Puts records together by where they go, each partition's in the order in which they came. */
export class ParcelSorter {
  readonly #codec: CompressionName
  readonly #byPartition = new Map<number, NewRecord[]>()

  constructor(codec: CompressionName) {
    this.#codec = codec
  }

  add(partition: number, record: NewRecord): void {
    const of = this.#byPartition.get(partition)
    if (of === undefined) this.#byPartition.set(partition, [record])
    else of.push(record)
  }

  parcels(): Parcel[] {
    return [...this.#byPartition].map(([partition, records]) => ({ partition, codec: this.#codec, records }))
  }
}
