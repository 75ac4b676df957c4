import { type Uuid, ZERO_UUID } from '../../base/uuid.ts'
import { errorName, isRetriable } from '../../protocol/errors.ts'
import { CreatePartitions } from '../../protocol/messages/createPartitions.ts'
import { CreateTopics } from '../../protocol/messages/createTopics.ts'
import { DeleteTopics } from '../../protocol/messages/deleteTopics.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { NotNow, SimulatedClient, untilOver, type ClientWorld } from './simulatedClient.ts'

const WRITE_TIMEOUT_MS = 1500

/** Makes topics, writes to them, gives them more partitions, deletes them and makes them anew under the same few names. */
export class TopicChurn {
  readonly #world: ClientWorld
  readonly #client: SimulatedClient
  /** By name; undefined when it is not known whether there is one. */
  readonly #topics = new Map<string, Uuid | undefined>()
  #count = 0

  constructor(world: ClientWorld) {
    this.#world = world
    this.#client = new SimulatedClient(world, 'churn')
  }

  run(): Promise<void> {
    return untilOver(this.#world, this.#client, async () => {
      const { random } = this.#client
      await this.#client.pause(random.below(600))
      if (this.#world.isDraining) return
      const name = `fleeting-${random.below(2)}`
      const known = this.#topics.get(name)
      if (known === undefined) await this.#create(name)
      else if (random.chance(0.3)) await this.#delete(name, known)
      else if (random.chance(0.1)) await this.#grow(name)
      else await this.#write(name)
    })
  }

  async #create(name: string): Promise<void> {
    const topic = { name, numPartitions: 1 + this.#client.random.below(2), replicationFactor: 3, assignments: [], configs: [] }
    const { topics } = await this.#client.ask(this.#client.anyBroker(), CreateTopics, { topics: [topic], timeoutMs: 1000 }, 2000)
    const answer = topics[0]!
    const error = errorName(answer.errorCode)
    if (error === 'TOPIC_ALREADY_EXISTS') {
      // An earlier try succeeded after all.
      await this.#client.refresh(name)
      this.#topics.set(name, (await this.#client.leader(name, 0)).topicId)
      return
    }
    if (error !== 'NONE') throw new NotNow(error)
    this.#world.history.created.set(answer.topicId, name)
    this.#topics.set(name, answer.topicId)
  }

  async #delete(name: string, topicId: Uuid): Promise<void> {
    this.#world.history.created.delete(topicId)
    this.#topics.set(name, undefined)
    this.#client.forgetLeader(name, 0)
    const byId = this.#client.random.chance(0.5)
    const topics = byId ? [{ name: null, topicId }] : [{ name, topicId: ZERO_UUID }]
    const { responses } = await this.#client.ask(this.#client.anyBroker(), DeleteTopics, { topics, timeoutMs: 1000 }, 2000)
    const error = errorName(responses[0]!.errorCode)
    if (error === 'NONE') this.#world.history.deleted.add(topicId)
    else throw new NotNow(error)
  }

  /** Refused when there are as many already. */
  async #grow(name: string): Promise<void> {
    const count = 2 + this.#client.random.below(3)
    const topics = [{ name, count, assignments: null }]
    const request = { topics, timeoutMs: 1000, validateOnly: false }
    const { results } = await this.#client.ask(this.#client.anyBroker(), CreatePartitions, request, 2000)
    const error = errorName(results[0]!.errorCode)
    if (error !== 'NONE' && error !== 'INVALID_PARTITIONS') throw new NotNow(error)
  }

  async #write(name: string): Promise<void> {
    const { brokerId, topicId } = await this.#client.leader(name, 0)
    const connection = await this.#client.connection(brokerId)
    const isMeantBy = this.#idAt(brokerId, name) === topicId
    const value = `churn ${this.#count++}`
    const records = buildBatch({ records: [{ timestamp: Math.floor(this.#client.elapsed), key: null, value: Buffer.from(value) }] })
    const topicData = [{ name, partitionData: [{ index: 0, records }] }]
    const { responses } = await connection.send(Produce, { acks: -1, timeoutMs: 500, topicData }, { timeoutMs: WRITE_TIMEOUT_MS })
    const answer = responses[0]!.partitionResponses[0]!
    const error = errorName(answer.errorCode)
    if (error === 'NONE') {
      if (isMeantBy && this.#idAt(brokerId, name) === topicId)
        this.#world.history.of(name, topicId, 0).noteAcknowledged({ baseOffset: answer.baseOffset, values: [value] })
      return
    }
    this.#client.forgetLeader(name, 0)
    if (isRetriable(error)) throw new NotNow(error)
  }

  /**
   * The topic that a broker knows by a name. What is written goes by the name, and the answer does not say to which topic of that name it went: it may not
   * be the one that this client was told of, by a broker that was behind, or by one that was ahead of the leader. One that the leader knew before it was
   * asked, and still knows after it has answered, is the one.
   */
  #idAt(brokerId: number, name: string): Uuid | undefined {
    return this.#world.cluster.brokers[brokerId - 1]?.server?.metadata.image.topicsByName.get(name)?.topicId
  }
}
