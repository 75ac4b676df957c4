/** A quorum for tests of its controller: a log in memory, of which the test decides when it is committed and who leads. */
import { applyRecords } from '../metadata/delta.ts'
import { MetadataImage } from '../metadata/image.ts'
import { type MetadataRecord, metadataRecord, type MetadataRecordInput } from '../protocol/messages/metadataRecords.ts'
import { type Leadership, NotLeader } from '../quorum/quorum.ts'
import type { MetadataQuorum } from './controller.ts'

interface Append {
  readonly records: readonly MetadataRecord[]
  readonly lastOffset: number
  readonly settle: { resolve(): void; reject(why: Error): void }
}

export class AQuorum implements MetadataQuorum {
  readonly nodeId = 1
  epoch = 0
  leaderId: number | undefined
  nextOffset = 0
  /** What the process of this controller has applied. */
  readonly committed = new MetadataImage()
  /** Commits at once what is appended. */
  commitsAtOnce = true
  #appends: Append[] = []
  readonly #leaderListeners: ((leader: Leadership) => void)[] = []
  readonly #ownEpochListeners: ((epoch: number) => void)[] = []

  onLeaderChange(listen: (leader: Leadership) => void): void {
    this.#leaderListeners.push(listen)
  }

  onOwnEpochCommitted(listen: (epoch: number) => void): void {
    this.#ownEpochListeners.push(listen)
  }

  append(records: readonly MetadataRecordInput[]): { lastOffset: number; committed: Promise<void> } {
    if (this.leaderId !== this.nodeId) throw new NotLeader(this.nodeId)
    this.nextOffset += records.length
    const lastOffset = this.nextOffset - 1
    const committed = new Promise<void>((resolve, reject) => {
      this.#appends.push({ records: records.map(record => metadataRecord(record)), lastOffset, settle: { resolve, reject } })
    })
    committed.catch(() => undefined) // whoever waits for it hears of it
    if (this.commitsAtOnce) this.commit()
    return { lastOffset, committed }
  }

  /** All that was appended becomes known to this process. */
  commit(): void {
    for (const { records, lastOffset, settle } of this.#appends.splice(0)) {
      applyRecords(this.committed, records)
      this.committed.lastAppliedOffset = lastOffset
      settle.resolve()
    }
  }

  /** Another epoch, and this node leads it. */
  elect(): void {
    this.#begin(this.nodeId)
    this.nextOffset += 1 // its LeaderChange record
    for (const listen of this.#ownEpochListeners) listen(this.epoch)
  }

  /** Another epoch, and this node does not lead it. What was not committed is lost. */
  depose(): void {
    for (const { settle } of this.#appends.splice(0)) settle.reject(new NotLeader(this.nodeId))
    this.nextOffset = this.committed.lastAppliedOffset + 1
    this.#begin(2)
  }

  #begin(leaderId: number): void {
    this.epoch += 1
    this.leaderId = leaderId
    for (const listen of this.#leaderListeners) listen({ leaderId, epoch: this.epoch })
  }
}
