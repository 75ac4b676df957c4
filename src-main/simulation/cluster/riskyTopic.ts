import { errorName } from '../../protocol/errors.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { decodeRecords } from '../../protocol/records/record.ts'
import { batchesIn } from '../../protocol/records/batch.ts'
import { BrokenPromise } from './history.ts'
import { NotNow, SimulatedClient, untilOver, type ClientWorld } from './simulatedClient.ts'

const ALL = -1
const LARGEST_BATCH = 1_000_000
export const UNCLEAN_IS_THE_ONLY_WAY_TO_LOSE = 'unclean election is the only way to lose'

interface Acknowledged {
  readonly value: string
  readonly offset: number
  /** In which it was sent, as far as the client knew; it was stored then or later. */
  readonly leaderEpoch: number
}

/**
 * Writes to a topic that prefers a leader that lacks records to none at all. What was acknowledged there may be lost, but by such an election only: then
 * an epoch that began uncleanly comes after the one in which the record was stored.
 */
export class RiskyTopic {
  readonly name: string
  readonly #world: ClientWorld
  readonly #acknowledged: Acknowledged[] = []
  /** Acknowledged records that were not there in the end. */
  lost = 0
  #count = 0

  constructor(world: ClientWorld, name: string) {
    this.#world = world
    this.name = name
  }

  get acknowledged(): number {
    return this.#acknowledged.length
  }

  run(): Promise<void> {
    const world = this.#world
    const client = new SimulatedClient(world, `producer of ${this.name}`)
    return untilOver(world, client, async () => {
      await client.rest(client.random.below(100))
      if (world.isDraining) return
      const value = `${this.name} ${this.#count++}`
      const records = buildBatch({ records: [{ timestamp: Math.floor(client.elapsed), key: null, value: Buffer.from(value) }] })
      try {
        const { brokerId, leaderEpoch } = await client.leader(this.name, 0)
        const topicData = [{ name: this.name, partitionData: [{ index: 0, records }] }]
        const { responses } = await client.ask(brokerId, Produce, { acks: ALL, timeoutMs: 1000, topicData })
        const { errorCode, baseOffset: offset } = responses[0]!.partitionResponses[0]!
        if (errorCode !== 0) throw new NotNow(errorName(errorCode))
        this.#acknowledged.push({ value, offset, leaderEpoch })
      } catch (error) {
        client.forgetLeader(this.name, 0)
        throw error
      }
    })
  }

  /** Holds the final log against what was acknowledged. */
  checkInTheEnd(content: Buffer, uncleanEpochs: readonly number[]): void {
    const values = new Map<number, string>()
    for (const at of batchesIn(content)) {
      for (const { offset, value } of decodeRecords(content, at, LARGEST_BATCH)) values.set(offset, String(value))
    }
    const lastUnclean = uncleanEpochs.at(-1) ?? -1
    this.#world.checks.count(UNCLEAN_IS_THE_ONLY_WAY_TO_LOSE, this.#acknowledged.length)
    for (const { value, offset, leaderEpoch } of this.#acknowledged) {
      if (values.get(offset) === value) continue
      this.lost++
      if (leaderEpoch >= lastUnclean)
        throw new BrokenPromise(
          UNCLEAN_IS_THE_ONLY_WAY_TO_LOSE,
          `${value} was acknowledged at ${offset} in epoch ${leaderEpoch} or later, where now is ${values.get(offset)}; unclean elections began epochs ${uncleanEpochs.join()}`,
        )
    }
  }
}
