import type { Address, Env } from '../env/env.ts'
import { NetworkError } from '../env/env.ts'
import { type ErrorName, wantsRefresh } from '../protocol/errors.ts'
import { FindCoordinator } from '../protocol/messages/findCoordinator.ts'
import { Metadata } from '../protocol/messages/metadata.ts'
import type { AnyApi, ResponseOf } from '../protocol/schema.ts'
import { type Ask, type AskOptions, BrokerLink } from './brokerLink.ts'
import { type BrokerNode, type ClusterMetadata, clusterMetadata, type PartitionMetadata, type TopicMetadata } from './clusterMetadata.ts'
import { KafkaError, throwIfRefused } from './kafkaError.ts'
import { Deadline, retrying } from './waiting.ts'

/**
 * A broker answers one connection's requests in order, so that each kind of question has a connection of its own: what is known at once, what is on
 * disk, records, appends that wait for followers, and changes of the cluster that the controller may take seconds for.
 */
export type Lane = 'query' | 'disk' | 'records' | 'append' | 'change'

export interface KafkaClientOptions {
  /** Asked first, and again when no broker that they named is left. */
  readonly bootstrapServers: readonly Address[]
  readonly clientId?: string
}

/** What a person waits for at most before an error is shown. */
export const PATIENCE_MS = 8_000
const METADATA_TIMEOUT_MS = 2_500
/** A broker that has not answered by then is not waited for: the next one is asked as well, and the first answer counts. */
const HEDGE_AFTER_MS = 350
/** Brokers that are asked at a time for want of an answer. */
const HEDGES = 3
/** For how long a broker that failed is asked only after all others. */
const SHUNNED_MS = 10_000
/** How old a topic's metadata may be before it is asked for again without a reason. */
const TOPIC_MAX_AGE_MS = 30_000
/** A topic that was just created may not be known everywhere yet. */
const UNKNOWN_TOPIC_PATIENCE_MS = 1_000
const GROUP = 0
/** Errors that Kafka does not ask its clients to refresh for, but that say the same. */
const CONTRADICTIONS = new Set<ErrorName>(['NOT_CONTROLLER', 'BROKER_NOT_AVAILABLE', 'UNKNOWN_LEADER_EPOCH'])

/**
 * Asks the right broker of any cluster: whichever answers, a certain one, the controller, a partition's leader, a group's coordinator. What it
 * believes of the cluster is forgotten as soon as an answer contradicts it.
 */
export class KafkaClient {
  readonly clock: Env['clock']
  readonly random: Env['random']
  readonly #env: Pick<Env, 'clock' | 'random' | 'network'>
  readonly #bootstrap: readonly Address[]
  readonly #clientId: string
  readonly #links = new Map<string, BrokerLink>()
  readonly #topics = new Map<string, { readonly topic: TopicMetadata; readonly at: number }>()
  /** The newest that any broker told of each partition, by topic id. */
  readonly #newest = new Map<string, Map<number, PartitionMetadata>>()
  readonly #coordinators = new Map<string, number>()
  #brokers: readonly BrokerNode[] = []
  #controllerId: number | null = null
  readonly #closed = new AbortController()

  constructor(env: Pick<Env, 'clock' | 'random' | 'network'>, { bootstrapServers, clientId = 'trilog' }: KafkaClientOptions) {
    this.clock = env.clock
    this.random = env.random
    this.#env = env
    this.#bootstrap = bootstrapServers
    this.#clientId = clientId
  }

  /** Aborted by `close`. */
  get closed(): AbortSignal {
    return this.#closed.signal
  }

  deadline(afterMs: number = PATIENCE_MS): Deadline {
    return new Deadline(this.clock, afterMs)
  }

  /** Tries for as long as the failures are transient and the deadline allows. After each, who leads what is asked for anew. */
  retrying<T>(attempt: (failures: number) => Promise<T>, deadline: Deadline = this.deadline()): Promise<T> {
    return retrying(this, deadline, attempt, problem => this.#doubt(problem))
  }

  /** The whole cluster as it is now, every topic included. */
  async cluster(deadline: Deadline = this.deadline()): Promise<ClusterMetadata> {
    const metadata = await this.retrying(() => this.#metadata(null), deadline)
    this.#topics.clear()
    const ids = new Set(metadata.topics.map(({ topicId }) => topicId))
    for (const topicId of this.#newest.keys()) if (!ids.has(topicId)) this.#newest.delete(topicId)
    for (const topic of metadata.topics) this.#remember(topic)
    return metadata
  }

  /** The brokers that are alive now. */
  async brokers(deadline: Deadline = this.deadline()): Promise<readonly BrokerNode[]> {
    return (await this.retrying(() => this.#metadata([]), deadline)).brokers
  }

  /**
   * One topic as it was at most half a minute ago, and not before anything contradicted it; with `isFresh`, as it is now. Throws
   * UNKNOWN_TOPIC_OR_PARTITION when it does not exist: no question of ours creates a topic.
   */
  async topic(
    name: string,
    { isFresh = false, deadline = this.deadline() }: { isFresh?: boolean; deadline?: Deadline } = {},
  ): Promise<TopicMetadata> {
    const known = this.#topics.get(name)
    if (!isFresh && known !== undefined && this.clock.elapsed() - known.at < TOPIC_MAX_AGE_MS) return known.topic
    const unknownUntil = this.deadline(Math.min(UNKNOWN_TOPIC_PATIENCE_MS, deadline.remainingMs))
    return this.retrying(async () => {
      const { topics } = await this.#metadata([name])
      const topic = topics.find(each => each.name === name)
      const error = topic?.error ?? 'UNKNOWN_TOPIC_OR_PARTITION'
      if (error === 'UNKNOWN_TOPIC_OR_PARTITION' && unknownUntil.isOver) {
        this.forgetTopic(name)
        throw new KafkaError(error, `There is no topic ${name}.`, { isFinal: true })
      }
      if (topic === undefined || error !== 'NONE') throw new KafkaError(error)
      this.#remember(topic)
      return topic
    }, deadline)
  }

  /** What one broker believes of one topic, however different from the others' view; undefined when it knows of none. */
  async topicAt(broker: BrokerNode, name: string): Promise<TopicMetadata | undefined> {
    const answer = await this.#link(broker, 'query').send(Metadata, version => metadataRequest([name], version), {
      timeoutMs: METADATA_TIMEOUT_MS,
    })
    const topic = clusterMetadata(answer).topics.find(each => each.name === name)
    return topic === undefined || topic.error !== 'NONE' ? undefined : topic
  }

  /** The next question about this topic goes to the cluster. */
  forgetTopic(name: string): void {
    this.#topics.delete(name)
  }

  /** Asks whoever answers: for questions that every broker can answer, and that may be asked twice. */
  async any<A extends AnyApi>(api: A, ask: Ask<A>, options: AskOptions = {}): Promise<ResponseOf<A>> {
    return this.#hedged(this.#candidates(), api, ask, options)
  }

  /** Asks one broker, once. */
  async broker<A extends AnyApi>(brokerId: number, lane: Lane, api: A, ask: Ask<A>, options: AskOptions = {}): Promise<ResponseOf<A>> {
    return this.#link(await this.#node(brokerId), lane).send(api, ask, options)
  }

  /** Tells one broker something that has no answer. */
  async tell<A extends AnyApi>(brokerId: number, lane: Lane, api: A, ask: Ask<A>): Promise<void> {
    return this.#link(await this.#node(brokerId), lane).tell(api, ask)
  }

  /** Whether a broker can be asked this at all. */
  async offers(brokerId: number, api: AnyApi): Promise<boolean> {
    return this.#link(await this.#node(brokerId), 'query').offers(api)
  }

  /** Asks the controller, or the broker that passes questions on to it, once. */
  async controller<A extends AnyApi>(api: A, ask: Ask<A>, options: AskOptions = {}): Promise<ResponseOf<A>> {
    const controllerId = this.#controllerId ?? (await this.#metadata([])).controllerId
    if (controllerId === null) throw new KafkaError('COORDINATOR_NOT_AVAILABLE', 'The cluster has no controller at the moment.')
    return this.broker(controllerId, 'change', api, ask, options)
  }

  /** Which broker looks after a group. */
  async coordinatorOf(groupId: string): Promise<number> {
    const known = this.#coordinators.get(groupId)
    if (known !== undefined) return known
    const answer = await this.any(FindCoordinator, version =>
      version >= 4 ? { keyType: GROUP, coordinatorKeys: [groupId] } : version >= 1 ? { key: groupId, keyType: GROUP } : { key: groupId },
    )
    const [found = answer] = answer.coordinators
    throwIfRefused(found.errorCode, found.errorMessage)
    this.#coordinators.set(groupId, found.nodeId)
    return found.nodeId
  }

  /** A connection to one broker for the caller alone, who closes it: for long polls. */
  async ownLink(brokerId: number): Promise<BrokerLink> {
    return new BrokerLink(this.#env, await this.#node(brokerId), { clientId: this.#clientId })
  }

  /** What is under way fails. */
  close(): void {
    this.#closed.abort()
    for (const link of this.#links.values()) link.close()
    this.#links.clear()
  }

  async #metadata(topics: readonly string[] | null): Promise<ClusterMetadata> {
    const answer = await this.any(Metadata, version => metadataRequest(topics, version), { timeoutMs: METADATA_TIMEOUT_MS })
    const told = clusterMetadata(answer)
    const metadata = { ...told, topics: told.topics.map(topic => this.#newestOf(topic)) }
    // A broker that is alone, or just starting, may know nobody: what others said is worth more than that.
    if (metadata.brokers.length === 0) throw notAvailable('The cluster names no broker that is alive.')
    this.#brokers = metadata.brokers
    this.#controllerId = metadata.controllerId
    return metadata
  }

  /**
   * A broker that is cut off goes on telling who led before. What is known of a higher leader epoch stays, so that nobody is sent back to a leader
   * of the past (KIP-320). Without topic ids, a topic that was made anew could not be told from an old story of it.
   */
  #newestOf(topic: TopicMetadata): TopicMetadata {
    const { topicId, error } = topic
    if (topicId === null || error !== 'NONE') return topic
    const newest = this.#newest.get(topicId) ?? new Map<number, PartitionMetadata>()
    this.#newest.set(topicId, newest)
    const partitions = topic.partitions.map(told => {
      const known = newest.get(told.partition)
      if (known !== undefined && known.leaderEpoch > told.leaderEpoch) return known
      newest.set(told.partition, told)
      return told
    })
    return { ...topic, partitions }
  }

  #remember(topic: TopicMetadata): void {
    if (topic.error === 'NONE') this.#topics.set(topic.name, { topic, at: this.clock.elapsed() })
  }

  /** A failure says that something we believed is not so. It costs one question to find out what. */
  #doubt(problem: unknown): void {
    if (problem instanceof KafkaError && !wantsRefresh(problem.code) && !CONTRADICTIONS.has(problem.code)) return
    this.#topics.clear()
    this.#coordinators.clear()
    this.#controllerId = null
  }

  async #node(brokerId: number): Promise<BrokerNode> {
    const find = (brokers: readonly BrokerNode[]) => brokers.find(each => each.brokerId === brokerId)
    const node = find(this.#brokers) ?? find((await this.#metadata([])).brokers)
    if (node === undefined) throw notAvailable(`Broker ${brokerId} is not alive.`)
    return node
  }

  #link({ host, port }: Address, lane: Lane): BrokerLink {
    if (this.closed.aborted) throw new NetworkError('ECONNABORTED', 'the connection to the cluster was closed')
    const key = `${lane} ${host}:${port}`
    let link = this.#links.get(key)
    if (link === undefined) {
      link = new BrokerLink(this.#env, { host, port }, { clientId: this.#clientId })
      this.#links.set(key, link)
    }
    return link
  }

  /** Every broker that could answer, the likeliest first. */
  #candidates(): readonly BrokerLink[] {
    const now = this.clock.elapsed()
    const addresses = new Map([...this.#brokers, ...this.#bootstrap].map(({ host, port }) => [`${host}:${port}`, { host, port }]))
    const rank = (link: BrokerLink) => {
      if (link.failedAt !== undefined && now - link.failedAt < SHUNNED_MS) return 2
      return link.isConnected ? 0 : 1
    }
    return [...addresses.values()].map(address => this.#link(address, 'query')).sort((one, other) => rank(one) - rank(other))
  }

  #hedged<A extends AnyApi>(links: readonly BrokerLink[], api: A, ask: Ask<A>, options: AskOptions): Promise<ResponseOf<A>> {
    const { promise, resolve, reject } = Promise.withResolvers<ResponseOf<A>>()
    const waiting = [...links]
    let underWay = 0
    let isDecided = false
    const askNext = () => {
      const link = waiting.shift()
      if (isDecided || link === undefined) return
      underWay += 1
      const timer = this.clock.after(HEDGE_AFTER_MS, () => underWay < HEDGES && askNext())
      link.send(api, ask, options).then(
        answer => {
          isDecided = true
          timer.cancel()
          resolve(answer)
        },
        (problem: Error) => {
          underWay -= 1
          timer.cancel()
          askNext()
          // A refusal is not reported before every broker that could say otherwise has spoken.
          if (underWay === 0) reject(problem)
        },
      )
    }
    if (waiting.length === 0) reject(new NetworkError('ECONNREFUSED', 'the cluster has no address to ask at'))
    askNext()
    return promise
  }
}

/** Kafka's clients do not try again on this one; to us it says that what we knew of the cluster is not so any more. */
const notAvailable = (message: string) => new KafkaError('BROKER_NOT_AVAILABLE', message, { isFinal: false })

/** In version 0 an empty list meant all topics, and null did not exist; there is no way to ask for none. */
function metadataRequest(topics: readonly string[] | null, version: number) {
  return {
    topics: topics === null && version === 0 ? [] : (topics?.map(name => ({ name })) ?? null),
    ...(version >= 4 ? { allowAutoTopicCreation: false } : {}),
  }
}
