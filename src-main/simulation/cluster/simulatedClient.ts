import type { Uuid } from '../../base/uuid.ts'
import { NetworkError } from '../../env/env.ts'
import { errorName } from '../../protocol/errors.ts'
import { Metadata } from '../../protocol/messages/metadata.ts'
import type { AnyApi, RequestInput, ResponseOf } from '../../protocol/schema.ts'
import type { KafkaConnection } from '../../wire/client.ts'
import type { SeededRandom } from '../seededRandom.ts'
import type { Checks } from './checks.ts'
import { BrokenPromise, type History } from './history.ts'
import type { SimulatedCluster } from './simulatedCluster.ts'

export interface KnownLeader {
  readonly brokerId: number
  readonly leaderEpoch: number
  readonly topicId: Uuid
}

/** What several clients share: the cluster they talk to, what they were told, and when they shall end. */
export interface ClientWorld {
  readonly cluster: Pick<SimulatedCluster, 'world' | 'brokers' | 'connect'>
  readonly history: History
  readonly checks: Checks
  /** Clients rest so many times as long as busy ones do. */
  readonly pace: number
  /** Faults have ended: consumers go on from where they are, as fast as busy ones, until they have what is there. */
  isHealing: boolean
  /** Writing ends; what is under way is still brought to its end. */
  isDraining: boolean
  /** Everything ends. */
  isOver: boolean
  broken(promise: BrokenPromise): void
  note(what: string): void
}

/** Somebody cannot do now what was asked: a client tries again. */
export class NotNow extends Error {
  override readonly name = 'NotNow'
}

const LONGEST_REST_MS = 1500

/** A client process: its connections, its chance, its clock, and what it knows of leaders. */
export class SimulatedClient {
  readonly name: string
  readonly random: SeededRandom
  readonly #world: ClientWorld
  readonly #connections = new Map<number, Promise<KafkaConnection>>()
  readonly #leaders = new Map<string, KnownLeader>()

  constructor(world: ClientWorld, name: string) {
    this.#world = world
    this.name = name
    this.random = world.cluster.world.random.fork(name)
  }

  get elapsed(): number {
    return this.#world.cluster.world.elapsed
  }

  pause(ms: number): Promise<void> {
    return new Promise(resolve => void this.#world.cluster.world.env(this.name).clock.after(ms, resolve))
  }

  /** Between two requests, never for as long as a group waits for its members. */
  rest(busyMs: number): Promise<void> {
    return this.pause(Math.max(busyMs, Math.min(LONGEST_REST_MS, busyMs * this.#world.pace)))
  }

  anyBroker(): number {
    return 1 + this.random.below(this.#world.cluster.brokers.length)
  }

  connection(brokerId: number): Promise<KafkaConnection> {
    const known = this.#connections.get(brokerId)
    if (known !== undefined) return known
    const opening = this.#world.cluster.connect(brokerId, this.name)
    const forget = () => {
      if (this.#connections.get(brokerId) === opening) this.#connections.delete(brokerId)
    }
    opening.then(connection => connection.onClose(forget)).catch(forget)
    this.#connections.set(brokerId, opening)
    return opening
  }

  async ask<A extends AnyApi>(brokerId: number, api: A, request: RequestInput<A>, timeoutMs = 1500): Promise<ResponseOf<A>> {
    return (await this.connection(brokerId)).send(api, request, { timeoutMs })
  }

  /** The newest leader that any broker has told of: an older answer does not lead this client back in time (KIP-320). */
  async leader(topic: string, partition: number): Promise<KnownLeader> {
    const known = this.#leaders.get(`${topic}:${partition}`)
    if (known !== undefined) return known
    await this.refresh(topic)
    const found = this.#leaders.get(`${topic}:${partition}`)
    if (found === undefined) throw new NotNow(`nobody leads ${topic}-${partition}`)
    return found
  }

  readonly #newest = new Map<string, KnownLeader>()

  /** Asks anybody about a topic. Undefined when it is not known there. */
  async refresh(topic: string): Promise<void> {
    const { topics } = await this.ask(this.anyBroker(), Metadata, { topics: [{ name: topic }], allowAutoTopicCreation: false }, 1000)
    const found = topics[0]
    if (found === undefined || errorName(found.errorCode) !== 'NONE') return
    for (const { partitionIndex, leaderId, leaderEpoch } of found.partitions) {
      const key = `${topic}:${partitionIndex}`
      const before = this.#newest.get(key)
      const isNews = before === undefined || before.topicId !== found.topicId || leaderEpoch >= before.leaderEpoch
      if (!isNews || leaderId < 0) continue
      const leader = { brokerId: leaderId, leaderEpoch, topicId: found.topicId }
      this.#newest.set(key, leader)
      this.#leaders.set(key, leader)
    }
  }

  /** The leader did not serve us: ask again before the next try. */
  forgetLeader(topic: string, partition: number): void {
    this.#leaders.delete(`${topic}:${partition}`)
  }
}

/** Runs `turn` until the world says that it is over; what the network does to it makes it wait a little and try again. */
export async function untilOver(world: ClientWorld, client: SimulatedClient, turn: () => Promise<void>): Promise<void> {
  while (!world.isOver) {
    try {
      await turn()
    } catch (error) {
      if (error instanceof BrokenPromise) world.broken(error)
      else if (!(error instanceof NotNow || error instanceof NetworkError)) throw error
      await client.rest(20 + client.random.below(60))
    }
  }
}
