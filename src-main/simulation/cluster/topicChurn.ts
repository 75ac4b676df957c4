import { type Uuid, ZERO_UUID } from '../../base/uuid.ts'
import { errorName, isRetriable } from '../../protocol/errors.ts'
import { CreatePartitions } from '../../protocol/messages/createPartitions.ts'
import { CreateTopics } from '../../protocol/messages/createTopics.ts'
import { DeleteTopics } from '../../protocol/messages/deleteTopics.ts'
import { NotNow, SimulatedClient, untilOver, type ClientWorld } from './simulatedClient.ts'
import { writeByName } from './writeByName.ts'

/** Makes topics, writes to them, gives them more partitions, deletes them and makes them anew under the same few names. */
export class TopicChurn {
  readonly #world: ClientWorld
  readonly #client: SimulatedClient
  /** By name; undefined when it is not known whether there is one. */
  readonly #topics = new Map<string, Uuid | undefined>()
  /** A deletion by name of which nobody knows what became of it may still come, and take a later topic of that name. */
  readonly #doomed = new Set<string>()
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
    if (!this.#doomed.has(name)) this.#world.history.created.set(answer.topicId, name)
    this.#topics.set(name, answer.topicId)
  }

  async #delete(name: string, topicId: Uuid): Promise<void> {
    this.#world.history.created.delete(topicId)
    this.#topics.set(name, undefined)
    this.#client.forgetLeader(name, 0)
    const byId = this.#client.random.chance(0.5)
    const topics = byId ? [{ name: null, topicId }] : [{ name, topicId: ZERO_UUID }]
    const wasDoomed = this.#doomed.has(name)
    if (!byId) this.#doomed.add(name)
    const { responses } = await this.#client.ask(this.#client.anyBroker(), DeleteTopics, { topics, timeoutMs: 1000 }, 2000)
    const error = errorName(responses[0]!.errorCode)
    if (error !== 'NONE') throw new NotNow(error)
    this.#world.history.deleted.add(topicId)
    if (!wasDoomed) this.#doomed.delete(name)
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
    const error = await writeByName(this.#world, this.#client, name, `churn ${this.#count++}`)
    if (error === 'NONE') return
    this.#client.forgetLeader(name, 0)
    if (isRetriable(error)) throw new NotNow(error)
  }
}
