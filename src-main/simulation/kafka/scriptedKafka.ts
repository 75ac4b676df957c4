import { silentLogger } from '../../base/logger.ts'
import { ZERO_UUID } from '../../base/uuid.ts'
import type { Address } from '../../env/env.ts'
import { errorCode, type ErrorName } from '../../protocol/errors.ts'
import { ApiVersions } from '../../protocol/messages/apiVersions.ts'
import { Fetch } from '../../protocol/messages/fetch.ts'
import { InitProducerId } from '../../protocol/messages/initProducerId.ts'
import { ListOffsets } from '../../protocol/messages/listOffsets.ts'
import { Metadata } from '../../protocol/messages/metadata.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { nextOffset, setBaseOffset } from '../../protocol/records/batch.ts'
import type { AnyApi, RequestOf, ResponseInput } from '../../protocol/schema.ts'
import { type Answer, type Call, type Handler, bind, byApiKey, handlerFor } from '../../wire/handler.ts'
import { serve } from '../../wire/serve.ts'
import { simulatedWorld, type World } from '../world.ts'

const PORT = 9092
const LATEST = -1
const EARLIEST = -2

export interface ScriptedPartition {
  leader: number
  leaderEpoch: number
  replicas: number[]
  isr: number[]
  start: number
  /** Whole batches, in order. */
  log: Buffer[]
}

export interface ScriptedTopic {
  topicId: string
  partitions: ScriptedPartition[]
}

export interface Asked {
  readonly broker: number
  readonly api: string
  readonly version: number
  readonly request: unknown
}

export interface AnsweringCall extends Call {
  readonly broker: number
}

type Script = (request: never, call: AnsweringCall) => unknown

/**
 * Brokers of which a test says what they answer, for whoever asks: older than ours, at odds with each other, failing at the worst moment. Bytes really
 * travel. Without a script they are as simple as brokers can be: one log per partition that all of them see.
 */
export class ScriptedKafka {
  readonly world: World
  readonly topics = new Map<string, ScriptedTopic>()
  /** Every request that arrived, in order. */
  readonly asked: Asked[] = []
  /** Brokers that the metadata names. */
  alive: number[]
  controllerId = 1
  readonly #scripts = new Map<AnyApi, Script>()
  readonly #versions = new Map<AnyApi, readonly [first: number, last: number]>()

  constructor({ seed = 1, brokers = 3 }: { seed?: number; brokers?: number } = {}) {
    this.world = simulatedWorld(seed)
    this.alive = Array.from({ length: brokers }, (_, index) => index + 1)
    this.script(Metadata, (request, call) => this.#metadata(request, call))
    this.script(ListOffsets, (request, call) => this.#listOffsets(request, call))
    this.script(Fetch, (request, call) => this.#fetch(request, call))
    this.script(Produce, (request, call) => this.#produce(request, call))
    this.script(InitProducerId, () => ({ throttleTimeMs: 0, errorCode: 0, producerId: 7, producerEpoch: 0 }))
  }

  /** How an API is answered from now on, by every broker. */
  script<A extends AnyApi>(api: A, answer: (request: RequestOf<A>, call: AnsweringCall) => Answer<A> | Promise<Answer<A>>): void {
    this.#scripts.set(api, answer)
  }

  /** How an API is answered now, for a script that changes only a little. */
  scripted<A extends AnyApi>(api: A): (request: RequestOf<A>, call: AnsweringCall) => Answer<A> | Promise<Answer<A>> {
    const script = this.#scripts.get(api)
    if (script === undefined) throw new Error(`${api.name} has no script`)
    return (request, call) => script(request as never, call) as Answer<A>
  }

  /** The versions of an API that brokers speak, as older ones would; none at all when the API did not exist. */
  limit(api: AnyApi, versions: readonly [first: number, last: number] | undefined): void {
    if (versions === undefined) this.#scripts.delete(api)
    else this.#versions.set(api, versions)
  }

  /** Adds a topic; broker `n` leads partition `n - 1`, and so on around. */
  topic(name: string, { partitions = 1, topicId = `${name.padEnd(21, 'A')}A` } = {}): ScriptedTopic {
    const all = [...this.alive]
    const topic = {
      topicId,
      partitions: Array.from({ length: partitions }, (_, index) => {
        const leader = all[index % all.length]!
        return { leader, leaderEpoch: 1, replicas: [...all], isr: [...all], start: 0, log: [] as Buffer[] }
      }),
    }
    this.topics.set(name, topic)
    return topic
  }

  addressOf(broker: number): Address {
    return { host: nameOf(broker), port: PORT }
  }

  async start(): Promise<void> {
    await Promise.all(this.alive.map(broker => this.startBroker(broker)))
  }

  async startBroker(broker: number): Promise<void> {
    const env = this.world.env(nameOf(broker))
    const handlers = byApiKey(bind(this.#handlers(broker), undefined))
    await env.network.listen(this.addressOf(broker), connection => {
      serve(env, connection, {
        listener: 'PLAINTEXT',
        handlers,
        maxRequestBytes: 10_000_000,
        maxPendingResponseBytes: 10_000_000,
        idleTimeoutMs: 600_000,
        log: silentLogger,
      })
    })
  }

  /** Appends to a partition's log as its leader would. */
  append(name: string, partition: number, batch: Buffer): number {
    const { log } = this.#partition(name, partition)!
    const baseOffset = endOf(log)
    const stored = Buffer.from(batch)
    setBaseOffset(stored, 0, baseOffset)
    log.push(stored)
    return baseOffset
  }

  countOf(api: AnyApi): number {
    return this.asked.filter(each => each.api === api.name).length
  }

  #handlers(broker: number): Handler<undefined>[] {
    const handle = handlerFor<undefined>()
    const apis = [...this.#scripts.keys()].map(api => {
      const versions = this.#versions.get(api)
      return versions === undefined ? { api, spoken: api } : { api, spoken: { ...api, versions, advertised: versions } }
    })
    const scripted = apis.map(({ api, spoken }) =>
      handle(spoken, (request, _, call) => {
        this.asked.push({ broker, api: api.name, version: call.apiVersion, request })
        return this.#scripts.get(api)!(request as never, { ...call, broker }) as Answer<AnyApi>
      }),
    )
    const apiKeys = [ApiVersions, ...apis.map(each => each.spoken)].map(({ key, advertised: [minVersion, maxVersion] }) => ({
      apiKey: key,
      minVersion,
      maxVersion,
    }))
    return [handle(ApiVersions, () => ({ errorCode: 0, apiKeys })), ...scripted]
  }

  #partition(name: string, partition: number): ScriptedPartition | undefined {
    return this.topics.get(name)?.partitions[partition]
  }

  /** The leader's view, or why this broker has none. */
  #led(name: string, partition: number, broker: number): ScriptedPartition | ErrorName {
    const found = this.#partition(name, partition)
    if (found === undefined) return 'UNKNOWN_TOPIC_OR_PARTITION'
    return found.leader === broker ? found : 'NOT_LEADER_OR_FOLLOWER'
  }

  #metadata({ topics }: RequestOf<typeof Metadata>, { apiVersion }: Call): ResponseInput<typeof Metadata> {
    const isAll = topics === null || (apiVersion === 0 && topics.length === 0)
    const names = isAll ? [...this.topics.keys()] : topics.map(({ name }) => name ?? '')
    return {
      brokers: this.alive.map(nodeId => ({ nodeId, ...this.addressOf(nodeId) })),
      clusterId: 'scripted',
      controllerId: this.controllerId,
      topics: names.map(name => {
        const topic = this.topics.get(name)
        if (topic === undefined) return { errorCode: errorCode('UNKNOWN_TOPIC_OR_PARTITION'), name, partitions: [] }
        const partitions = topic.partitions.map(({ leader, leaderEpoch, replicas, isr }, partitionIndex) => {
          const error = leader < 0 ? 'LEADER_NOT_AVAILABLE' : 'NONE'
          return { errorCode: errorCode(error), partitionIndex, leaderId: leader, leaderEpoch, replicaNodes: replicas, isrNodes: isr }
        })
        return { errorCode: 0, name, topicId: topic.topicId, partitions }
      }),
    }
  }

  #listOffsets({ topics }: RequestOf<typeof ListOffsets>, { broker }: AnsweringCall): ResponseInput<typeof ListOffsets> {
    return {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, timestamp }) => {
          const found = this.#led(name, partitionIndex, broker)
          if (typeof found === 'string') return { partitionIndex, errorCode: errorCode(found) }
          const offset = timestamp === LATEST ? Math.max(found.start, endOf(found.log)) : timestamp === EARLIEST ? found.start : -1
          return { partitionIndex, errorCode: 0, offset }
        }),
      })),
    }
  }

  #fetch({ topics }: RequestOf<typeof Fetch>, { broker }: AnsweringCall): ResponseInput<typeof Fetch> {
    return {
      throttleTimeMs: 0,
      responses: topics.map(({ topic, topicId, partitions }) => {
        const name = topicId === ZERO_UUID ? topic : ([...this.topics].find(([, each]) => each.topicId === topicId)?.[0] ?? '')
        return {
          topic,
          topicId,
          partitions: partitions.map(({ partition, fetchOffset, partitionMaxBytes }) => {
            const found = this.#led(name, partition, broker)
            const refused = (error: ErrorName) => ({
              partitionIndex: partition,
              errorCode: errorCode(error),
              highWatermark: -1,
              abortedTransactions: null,
              records: null,
            })
            if (typeof found === 'string') return refused(found === 'UNKNOWN_TOPIC_OR_PARTITION' ? 'UNKNOWN_TOPIC_ID' : found)
            const highWatermark = endOf(found.log)
            if (fetchOffset < found.start || fetchOffset > highWatermark) return refused('OFFSET_OUT_OF_RANGE')
            const records = batchesFrom(found.log, fetchOffset, partitionMaxBytes)
            return {
              partitionIndex: partition,
              errorCode: 0,
              highWatermark,
              logStartOffset: found.start,
              abortedTransactions: null,
              records,
            }
          }),
        }
      }),
    }
  }

  #produce({ topicData }: RequestOf<typeof Produce>, { broker }: AnsweringCall): ResponseInput<typeof Produce> {
    return {
      responses: topicData.map(({ name, partitionData }) => ({
        name,
        partitionResponses: partitionData.map(({ index, records }) => {
          const found = this.#led(name, index, broker)
          if (typeof found === 'string') return { index, errorCode: errorCode(found), baseOffset: -1 }
          return { index, errorCode: 0, baseOffset: this.append(name, index, records!) }
        }),
      })),
    }
  }
}

const nameOf = (broker: number) => `broker${broker}`

function endOf(log: readonly Buffer[]): number {
  const last = log.at(-1)
  return last === undefined ? 0 : nextOffset(last)
}

function batchesFrom(log: readonly Buffer[], offset: number, maxBytes: number): Buffer[] {
  const found: Buffer[] = []
  let bytes = 0
  for (const batch of log) {
    if (nextOffset(batch) <= offset || bytes >= maxBytes) continue
    found.push(batch)
    bytes += batch.length
  }
  return found
}
