import type { Logger } from '../../base/logger.ts'
import { errorName } from '../../protocol/errors.ts'
import { CreateTopics } from '../../protocol/messages/createTopics.ts'
import { consume } from './consumer.ts'
import { type FaultKind, Faults } from './faults.ts'
import { checkInTheEnd, hasSettled } from './finalCheck.ts'
import { GroupMember } from './groupMember.ts'
import { BrokenPromise, History } from './history.ts'
import { ClusterInvariants } from './invariants.ts'
import { operate } from './operator.ts'
import { IdempotentProducer, producePlainly } from './producers.ts'
import { seededRandom } from '../seededRandom.ts'
import type { ClientWorld } from './simulatedClient.ts'
import { SimulatedCluster } from './simulatedCluster.ts'
import { TopicChurn } from './topicChurn.ts'

const TOPIC = 'orders'
/** Its replicas are moved about, and its oldest records deleted. */
const MOVING_TOPIC = 'moving'
/** So that recoveries and truncations cross from one segment to another. */
const SMALL_SEGMENTS = [{ name: 'internal.segment.bytes', value: '16384' }]
/** Snapshots all the time, and a log that keeps so little that who was away for a second or so needs one. */
const SHORT_METADATA_LOG = {
  'metadata.log.max.record.bytes.between.snapshots': '1500',
  'metadata.log.max.snapshot.interval.ms': '700',
  'metadata.max.retention.bytes': '1',
  'internal.metadata.log.segment.bytes': '3000',
  'controller.quorum.fetch.snapshot.max.bytes': '2000',
}
/** Once all faults have ended, all must be well within this time. */
const USUAL_HEALING_MS = 30_000

export interface ClusterScenarioOptions {
  readonly seed: number
  /** How long faults happen. */
  readonly faultsMs: number
  readonly kinds?: readonly FaultKind[]
  /** Of all faults that the seed draws, only those with these indices happen. */
  readonly keep?: readonly number[]
  /** Log folders of each broker; every other seed has two. */
  readonly logDirs?: number
  /** By Kafka's names, instead of what the seed draws. */
  readonly settings?: Readonly<Record<string, string>>
  /** How long things may take to become well; 30 s unless given. */
  readonly healingMs?: number
  readonly logger?: (brokerId: number) => Logger
}

export interface ClusterOutcome {
  readonly simulatedMs: number
  readonly fingerprint: string
  readonly acknowledged: number
  readonly batchesRead: number
  readonly commits: number
  readonly checks: number
  readonly faults: ReadonlyMap<FaultKind, number>
}

/**
 * Producers, consumers, group members and makers of topics at work on three brokers while faults happen; then the faults end, everything has to become
 * well again, and what the cluster has is held against what clients were told. Throws with the seed, the broken promise and what led to it.
 */
export async function runClusterScenario(options: ClusterScenarioOptions): Promise<ClusterOutcome> {
  const scenario = new ClusterScenario(options)
  try {
    return await scenario.run()
  } catch (problem) {
    const message = problem instanceof Error ? problem.message : String(problem)
    const story = scenario.story.slice(-25).join('\n  ')
    throw new Error(`${message}\n  ${story}\nreplay: npm run sim -- --seeds 1 --from ${options.seed} --ms ${options.faultsMs}`, {
      cause: problem,
    })
  } finally {
    scenario.cluster.close()
  }
}

class ClusterScenario {
  readonly cluster: SimulatedCluster
  readonly faults: Faults
  /** What was done, and when, for whoever has to understand a failing seed. */
  readonly story: string[] = []
  readonly #history = new History()
  readonly #invariants: ClusterInvariants
  readonly #clients: ClientWorld
  readonly #faultsMs: number
  readonly #healingMs: number
  readonly #producers: IdempotentProducer[] = []
  readonly #members: GroupMember[] = []
  #problem: Error | undefined

  constructor({
    seed,
    faultsMs,
    kinds,
    keep,
    logDirs = 1 + (seed % 2),
    settings = settingsOf(seed),
    healingMs = USUAL_HEALING_MS,
    logger,
  }: ClusterScenarioOptions) {
    this.#faultsMs = faultsMs
    this.#healingMs = healingMs

    this.cluster = new SimulatedCluster({ seed, settings, logDirs, ...(logger !== undefined && { logger }) })
    this.#invariants = new ClusterInvariants(this.cluster, this.#history)
    this.faults = new Faults(this.cluster, {
      ...(kinds !== undefined && { kinds }),
      ...(keep !== undefined && { keep }),
      movingTopic: MOVING_TOPIC,
      failed: problem => (this.#problem ??= problem),
      note: this.note,
    })
    this.#clients = {
      cluster: this.cluster,
      history: this.#history,
      isDraining: false,
      isOver: false,
      broken: promise => (this.#problem ??= promise),
      note: this.note,
    }
  }

  readonly note = (what: string): void => void this.story.push(`${this.cluster.world.elapsed.toFixed(0)} ms: ${what}`)

  async run(): Promise<ClusterOutcome> {
    const { cluster, faults } = this
    const { world } = cluster
    world.always(() => {
      if (this.#problem !== undefined) throw this.#problem
      this.#invariants.check()
      faults.watch()
    })
    await world.settle(cluster.start())
    const partitions = 1 + world.random.below(3)
    await world.settle(this.#createTopic(TOPIC, { partitions, replicas: 3 }))
    await world.settle(this.#createTopic(MOVING_TOPIC, { partitions: 1, replicas: 2 }))
    const running = this.#startClients(partitions)

    await world.settle(faults.run(this.#faultsMs), this.#faultsMs + 60_000)
    await world.settle(faults.end())
    await this.#everythingIsWell()

    this.#clients.isDraining = true
    const producers = this.#producers
    await this.#within('producers bring to an end what is in flight', () => producers.every(each => each.isDrained))
    await this.#within('replicas end at the same offset, all of it committed', () => hasSettled(cluster))
    this.#clients.isOver = true
    await world.settle(running)
    for (const member of this.#members) await world.settle(member.checkInTheEnd())
    await world.settle(
      checkInTheEnd(
        cluster,
        this.#history,
        producers.flatMap(each => each.sessions),
      ),
    )
    return this.#outcome()
  }

  async #createTopic(name: string, { partitions, replicas }: { partitions: number; replicas: number }): Promise<void> {
    const topic = { name, numPartitions: partitions, replicationFactor: replicas, assignments: [], configs: SMALL_SEGMENTS }
    const { topics } = await this.cluster.ask(1, CreateTopics, { topics: [topic], timeoutMs: 5000 })
    const error = errorName(topics[0]!.errorCode)
    if (error !== 'NONE') throw new Error(`the topic was refused: ${error}`)
    this.#history.created.set(topics[0]!.topicId, name)
  }

  #startClients(partitions: number): Promise<unknown> {
    const world = this.#clients
    const running: Promise<void>[] = []
    for (let partition = 0; partition < partitions; partition++) running.push(...this.#useTopic(TOPIC, partition, ['first', 'second']))
    running.push(...this.#useTopic(MOVING_TOPIC, 0, ['mover']), operate(world, { topic: MOVING_TOPIC, partitions: 1 }))
    for (const joins of [true, false]) {
      const member = new GroupMember(world, { groupId: joins ? 'joined' : 'alone', topic: TOPIC, joins })
      this.#members.push(member)
      running.push(member.run())
    }
    running.push(new TopicChurn(world).run())
    return Promise.all(running)
  }

  #useTopic(topic: string, partition: number, producers: readonly string[]): Promise<void>[] {
    const world = this.#clients
    const idempotent = producers.map(name => new IdempotentProducer(world, { name: `${name} of ${partition}`, topic, partition }))
    this.#producers.push(...idempotent)
    return [
      ...idempotent.map(each => each.run()),
      producePlainly(world, { name: `plain of ${topic}-${partition}`, topic, partition }),
      consume(world, { name: `consumer of ${topic}-${partition}`, topic, partition }),
    ]
  }

  /** Liveness: nobody is down, everything is led and in sync, and every producer and member gets on. */
  async #everythingIsWell(): Promise<void> {
    await this.#within('every partition is led and all its replicas are in sync', () => this.cluster.isInSync)
    const before = this.#producers.map(each => each.acknowledged)
    const committed = this.#members.map(each => each.commits)
    await this.#within(
      'every producer and every group gets on',
      () =>
        this.#producers.every((each, index) => each.acknowledged > before[index]!) &&
        this.#members.every((each, index) => each.commits > committed[index]!),
    )
  }

  async #within(what: string, holds: () => boolean): Promise<void> {
    const { world } = this.cluster
    const ms = this.#healingMs
    const end = world.elapsed + ms
    let isTooLate = false
    await world.run(() => holds() || (isTooLate = world.elapsed >= end), ms + 60_000)
    if (isTooLate && !holds()) throw new BrokenPromise('liveness', `${what}: not within ${ms} ms. ${this.#state()}`)
    this.note(what)
  }

  #state(): string {
    return JSON.stringify(
      this.cluster.brokers.map(({ id, state, server }) => ({
        id,
        state,
        standing: server?.lifecycle.standing,
        quorum: server?.quorum.role,
        metadata: server?.metadata.image.lastAppliedOffset,
        partitions: server?.replicas
          .stats()
          .map(
            each =>
              `${each.topic}-${each.partition} ${each.leader}@${each.leaderEpoch} [${each.isr.join()}] ${each.logStartOffset}..${each.highWatermark}/${each.logEndOffset}`,
          ),
      })),
    )
  }

  #outcome(): ClusterOutcome {
    const { world } = this.cluster
    const acknowledged = this.#producers.reduce((sum, each) => sum + each.acknowledged, 0)
    let batchesRead = 0
    for (const { read } of this.#history.partitions.values()) batchesRead += read.size
    return {
      simulatedMs: world.elapsed,
      fingerprint: `${world.fingerprint.toString(16)}-${acknowledged}-${batchesRead}`,
      acknowledged,
      batchesRead,
      commits: this.#members.reduce((sum, each) => sum + each.commits, 0),
      checks: this.#invariants.checks,
      faults: this.faults.counts,
    }
  }
}

/** Which of two timeouts is the shorter decides which of two races is run: each seed has its own. */
function settingsOf(seed: number): Record<string, string> {
  const random = seededRandom(`settings of ${seed}`)
  const one = (...values: readonly string[]) => values[random.below(values.length)]!
  return {
    'replica.lag.time.max.ms': one('300', '1000', '3000', '3000', '10000'),
    'broker.session.timeout.ms': one('700', '2000', '2000', '6000'),
    'broker.heartbeat.interval.ms': one('100', '500'),
    'replica.fetch.wait.max.ms': one('50', '500', '500'),
    'leader.imbalance.check.interval.seconds': one('1', '5'),
    'replica.high.watermark.checkpoint.interval.ms': one('200', '5000'),
    ...(random.chance(0.5) && SHORT_METADATA_LOG),
  }
}
