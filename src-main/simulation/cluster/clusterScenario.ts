import { errorName } from '../../protocol/errors.ts'
import { CreateTopics } from '../../protocol/messages/createTopics.ts'
import { Checks } from './checks.ts'
import { changeConfigs } from './configChanges.ts'
import { consume } from './consumer.ts'
import { type FaultKind, Faults, type Happened } from './faults.ts'
import { checkInTheEnd, hasSettled } from './finalCheck.ts'
import { GroupMember } from './groupMember.ts'
import { BrokenPromise, brokenPromiseOf, History, type PartitionHistory } from './history.ts'
import { ClusterInvariants } from './invariants.ts'
import { MetadataWatch } from './metadataWatch.ts'
import { operate } from './operator.ts'
import { IdempotentProducer, producePlainly } from './producers.ts'
import { RiskyTopic } from './riskyTopic.ts'
import {
  paceOf,
  type ClientKind,
  type ClusterScenarioOptions,
  type Course,
  replayCommand,
  settingsOf,
  settingsOfBroker,
} from './scenarioOptions.ts'
import { SharedGroup } from './sharedGroup.ts'
import type { ClientWorld } from './simulatedClient.ts'
import { SimulatedCluster } from './simulatedCluster.ts'
import { Story } from './story.ts'
import { TopicChurn } from './topicChurn.ts'

export type { ClusterScenarioOptions } from './scenarioOptions.ts'

const TOPIC = 'orders'
/** Its replicas are moved about, and its oldest records deleted. */
const MOVING_TOPIC = 'moving'
/** So that recoveries and truncations cross from one segment to another. */
const SMALL_SEGMENTS = [{ name: 'internal.segment.bytes', value: '16384' }]
/** Rather has a leader that lacks records than none. */
const RISKY_TOPIC = 'risky'
const RISKY_CONFIGS = [
  { name: 'unclean.leader.election.enable', value: 'true' },
  { name: 'min.insync.replicas', value: '1' },
]
/** Of every other topic: what the dev profile says. */
const MIN_IN_SYNC = 2
/** Once all faults have ended, all must be well within this time. */
const USUAL_HEALING_MS = 30_000
/** Of the story, in the message of a failure. */
const STORY_LINES = 40

export interface ClusterOutcome {
  readonly simulatedMs: number
  readonly fingerprint: string
  readonly acknowledged: number
  readonly batchesRead: number
  readonly commits: number
  /** By invariant, how often it was looked at. */
  readonly checks: ReadonlyMap<string, number>
  readonly faults: ReadonlyMap<FaultKind, number>
  /** Elections of leaders that may have lacked records, and acknowledged records that were lost by them: in the one topic where that is allowed. */
  readonly uncleanElections: number
  readonly lostByThem: number
}

/** A course of events in which a promise was broken, or the program failed. */
export class ScenarioFailure extends Error {
  override readonly name = 'ScenarioFailure'
  readonly course: Course
  /** Which promise, or in other failures the message. */
  readonly invariant: string
  /** Since faults began to happen. */
  readonly afterMs: number
  readonly happened: readonly Happened[]
  /** All that is known to have led there, a line each. */
  readonly transcript: string

  constructor(problem: unknown, told: { course: Course; afterMs: number; happened: readonly Happened[]; story: Story }) {
    const message = problem instanceof Error ? problem.message : String(problem)
    super(`${message}\n${told.story.text(STORY_LINES)}\nreplay: ${replayCommand(told.course)}`, { cause: problem })
    this.course = told.course
    this.invariant = brokenPromiseOf(problem)?.invariant ?? withoutNumbers(rootOf(problem))
    this.afterMs = told.afterMs
    this.happened = told.happened
    this.transcript = `${told.story.text()}\n${brokenPromiseOf(problem)?.message ?? rootOf(problem)}`
  }
}

function rootOf(problem: unknown): string {
  let at = problem
  while (at instanceof Error && at.cause !== undefined) at = at.cause
  return at instanceof Error ? at.message : String(at)
}

/** So that the same failure a little later counts as the same. */
function withoutNumbers(message: string): string {
  return message.replace(/\d+/g, '#').slice(0, 200)
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
    throw scenario.failure(problem)
  } finally {
    scenario.cluster.close()
  }
}

interface NewTopic {
  readonly partitions: number
  readonly replicas: number
  readonly configs?: readonly { readonly name: string; readonly value: string }[]
}

class ClusterScenario {
  readonly cluster: SimulatedCluster
  readonly #course: Course
  readonly #faults: Faults
  readonly #story: Story
  readonly #checks = new Checks()
  readonly #history: History
  readonly #metadata: MetadataWatch
  readonly #invariants: ClusterInvariants
  readonly #clients: ClientWorld
  readonly #healingMs: number
  readonly #producers: IdempotentProducer[] = []
  readonly #members: GroupMember[] = []
  readonly #read: PartitionHistory[] = []
  readonly #shared: SharedGroup
  readonly #risky: RiskyTopic
  #faultsBeganMs = 0
  #problem: Error | undefined

  constructor({ logger, log, ...course }: ClusterScenarioOptions) {
    const {
      seed,
      brokers = 3,
      kinds,
      keep,
      logDirs = 1 + (seed % 2),
      healingMs = USUAL_HEALING_MS,
      pace = paceOf(seed),
      settings = settingsOf(seed, pace),
    } = course
    this.#course = course
    this.#healingMs = healingMs
    this.cluster = new SimulatedCluster({
      seed,
      brokers,
      settings,
      settingsOf: settingsOfBroker,
      logDirs,
      ...(logger !== undefined && { logger }),
    })
    const { world } = this.cluster
    if (log !== undefined) world.onEvent((atMs, label) => log(`${atMs.toFixed(3)} ${label}`))
    this.#story = new Story(() => world.elapsed, log)
    const { note, detail } = this.#story
    this.#history = new History(detail)
    this.#metadata = new MetadataWatch({ riskyTopic: RISKY_TOPIC, note })
    this.#invariants = new ClusterInvariants(this.cluster, {
      checks: this.#checks,
      history: this.#history,
      metadata: this.#metadata,
      riskyTopic: RISKY_TOPIC,
      minInSync: MIN_IN_SYNC,
      note,
    })
    this.#faults = new Faults(this.cluster, {
      ...(kinds !== undefined && { kinds }),
      ...(keep !== undefined && { keep }),
      failed: problem => (this.#problem ??= problem),
      note,
    })
    this.#clients = {
      cluster: this.cluster,
      history: this.#history,
      checks: this.#checks,
      pace,
      isHealing: false,
      isDraining: false,
      isOver: false,
      broken: promise => (this.#problem ??= promise),
      note,
    }
    this.#shared = new SharedGroup(this.#clients, TOPIC)
    this.#risky = new RiskyTopic(this.#clients, RISKY_TOPIC)
  }

  failure(problem: unknown): ScenarioFailure {
    const afterMs = this.cluster.world.elapsed - this.#faultsBeganMs
    return new ScenarioFailure(problem, { course: this.#course, afterMs, happened: this.#faults.happened, story: this.#story })
  }

  async run(): Promise<ClusterOutcome> {
    const { cluster } = this
    const { world } = cluster
    const { faultsMs } = this.#course
    world.always(() => {
      if (this.#problem !== undefined) throw this.#problem
      this.#invariants.check()
      this.#faults.watch()
    })
    await world.settle(cluster.start())
    const partitions = 1 + world.random.below(3)
    await world.settle(this.#createTopic(TOPIC, { partitions, replicas: 3 }))
    await world.settle(this.#createTopic(MOVING_TOPIC, { partitions: 1, replicas: 2 }))
    await world.settle(this.#createTopic(RISKY_TOPIC, { partitions: 1, replicas: 2, configs: RISKY_CONFIGS }))
    const running = this.#startClients(partitions)

    this.#faultsBeganMs = world.elapsed
    await world.settle(this.#faults.run(faultsMs), faultsMs + 60_000)
    await world.settle(this.#faults.end())
    this.#clients.isHealing = true
    await this.#everythingIsWell()

    this.#clients.isDraining = true
    const producers = this.#producers
    await this.#within('producers bring to an end what is in flight', () => producers.every(each => each.isDrained))
    await this.#within('replicas end at the same offset, all of it committed', () => hasSettled(cluster))
    await this.#within('consumers read all that was acknowledged', () => this.#read.every(each => each.readEnd >= each.acknowledgedEnd))
    this.#clients.isOver = true
    await world.settle(running)
    for (const member of this.#members) await world.settle(member.checkInTheEnd())
    if (this.#has('shared')) await world.settle(this.#shared.checkInTheEnd())
    await world.settle(
      checkInTheEnd(cluster, {
        history: this.#history,
        sessions: producers.flatMap(each => each.sessions),
        checks: this.#checks,
        riskyTopic: { topic: this.#risky, metadata: this.#metadata },
      }),
    )
    return this.#outcome()
  }

  #has(kind: ClientKind): boolean {
    return this.#course.without?.includes(kind) !== true
  }

  async #createTopic(name: string, { partitions, replicas, configs = [] }: NewTopic): Promise<void> {
    const topic = {
      name,
      numPartitions: partitions,
      replicationFactor: replicas,
      assignments: [],
      configs: [...SMALL_SEGMENTS, ...configs],
    }
    const { topics } = await this.cluster.ask(1, CreateTopics, { topics: [topic], timeoutMs: 5000 })
    const error = errorName(topics[0]!.errorCode)
    if (error !== 'NONE') throw new Error(`the topic was refused: ${error}`)
    this.#history.created.set(topics[0]!.topicId, name)
  }

  #startClients(partitions: number): Promise<unknown> {
    const world = this.#clients
    const running: Promise<void>[] = []
    const producers = this.#has('seconds') ? ['first', 'second'] : ['first']
    for (let partition = 0; partition < partitions; partition++) running.push(...this.#useTopic(TOPIC, partition, producers))
    if (this.#has('mover')) running.push(...this.#useTopic(MOVING_TOPIC, 0, ['mover']))
    if (this.#has('operator')) running.push(operate(world, { topic: MOVING_TOPIC, partitions: 1 }))
    for (const groupId of ['joined', 'alone'] as const) {
      if (!this.#has(groupId)) continue
      const member = new GroupMember(world, { groupId, topic: TOPIC, joins: groupId === 'joined' })
      this.#members.push(member)
      running.push(member.run())
    }
    if (this.#has('shared')) running.push(this.#shared.run(partitions))
    if (this.#has('churn')) running.push(new TopicChurn(world).run())
    if (this.#has('configs')) running.push(changeConfigs(world, [TOPIC, MOVING_TOPIC]))
    if (this.#has('risky')) running.push(this.#risky.run())
    return Promise.all(running)
  }

  #useTopic(topic: string, partition: number, producers: readonly string[]): Promise<void>[] {
    const world = this.#clients
    const idempotent = producers.map(name => new IdempotentProducer(world, { name: `${name} of ${partition}`, topic, partition }))
    this.#producers.push(...idempotent)
    const running = idempotent.map(each => each.run())
    if (this.#has('plain')) running.push(producePlainly(world, { name: `plain of ${topic}-${partition}`, topic, partition }))
    if (this.#has('consumers')) {
      running.push(consume(world, { name: `consumer of ${topic}-${partition}`, topic, partition }))
      const topicId = [...this.#history.created].find(([, name]) => name === topic)![0]
      this.#read.push(this.#history.of(topic, topicId, partition))
    }
    return running
  }

  /** Liveness: nobody is down, everything is led and in sync, and every client gets on. */
  async #everythingIsWell(): Promise<void> {
    await this.#within('every partition is led and all its replicas are in sync', () => this.cluster.isInSync)
    const before = this.#progress()
    const waiting = () => [...this.#progress()].flatMap(([name, now]) => (now > before.get(name)! ? [] : [name]))
    await this.#within('every producer, every consumer and every group gets on', () => waiting().length === 0, waiting)
  }

  /** Of each client, a number that grows when it gets on. */
  #progress(): Map<string, number> {
    return new Map([
      ...this.#producers.map(each => [each.name, each.acknowledged] as const),
      ...this.#members.map(each => [each.groupId, each.commits] as const),
      ...this.#read.map(each => [`consumer of ${each.name}`, each.readEnd] as const),
      ...(this.#has('shared') ? ([[this.#shared.groupId, this.#shared.commits]] as const) : []),
      ...(this.#has('risky') ? ([[this.#risky.name, this.#risky.acknowledged]] as const) : []),
    ])
  }

  async #within(what: string, holds: () => boolean, missing: () => readonly string[] = () => []): Promise<void> {
    const { world } = this.cluster
    const ms = this.#healingMs
    const end = world.elapsed + ms
    let isTooLate = false
    await world.run(() => holds() || (isTooLate = world.elapsed >= end), ms + 60_000)
    if (isTooLate && !holds()) throw new BrokenPromise('liveness', `${what}: not within ${ms} ms. ${missing().join()} ${this.#state()}`)
    this.#checks.count('liveness')
    this.#story.note(what)
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
    this.#invariants.count()
    const acknowledged = this.#producers.reduce((sum, each) => sum + each.acknowledged, 0)
    let batchesRead = 0
    for (const { read } of this.#history.partitions.values()) batchesRead += read.size
    return {
      simulatedMs: world.elapsed,
      fingerprint: `${world.fingerprint.toString(16)}-${acknowledged}-${batchesRead}`,
      acknowledged,
      batchesRead,
      commits: this.#members.reduce((sum, each) => sum + each.commits, 0),
      checks: this.#checks.counts,
      faults: this.#faults.counts,
      uncleanElections: this.#metadata.uncleanElections,
      lostByThem: this.#risky.lost,
    }
  }
}
