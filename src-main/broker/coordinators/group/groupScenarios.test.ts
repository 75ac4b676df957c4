import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../../base/logger.ts'
import type { ErrorName } from '../../../protocol/errors.ts'
import { simulatedWorld, type World } from '../../../simulation/world.ts'
import { MemoryCoordinatorLog } from '../memoryCoordinatorLog.ts'
import { ReplicatedState } from '../replicatedState.ts'
import { aConfig, reading } from './aGroup.ts'
import { GroupCoordinators } from './groupCoordinator.ts'
import { groupRules } from './groupRules.ts'
import type { GroupTables } from './groupTables.ts'

const PARTITIONS = 4
const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAABQ'
const SESSION_TIMEOUT_MS = 6000
const config = aConfig({ groupInitialRebalanceDelayMs: 50, offsetsCommitTimeoutMs: 500 })

const seeds = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

/** One partition of `__consumer_offsets`, whoever leads it, and what its clients were promised. */
class Stage {
  readonly world: World
  log: MemoryCoordinatorLog
  groups: GroupCoordinators
  /** Who was given a partition in a generation. */
  readonly owners = new Map<string, string>()
  /** By partition: the highest offset that anybody was told is committed. */
  readonly promised = Array.from({ length: PARTITIONS }, () => -1)
  /** By partition: the offset that whoever owns it commits next. */
  readonly next = Array.from({ length: PARTITIONS }, () => 1)
  areFaultsOver = false
  commits = 0
  changes = 0

  constructor(seed: number) {
    this.world = simulatedWorld(seed)
    this.log = new MemoryCoordinatorLog(this.clock)
    this.groups = this.#coordinators()
    this.groups.becomeLeader(0, 0)
  }

  get clock() {
    return this.world.env('node').clock
  }

  get random() {
    return this.world.random
  }

  pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      this.clock.after(ms, resolve)
    })
  }

  /** A request on its way to the coordinator and back; either may be lost, and then the client waits for nothing. */
  async call<T>(ask: (groups: GroupCoordinators) => T | Promise<T>): Promise<T | undefined> {
    await this.pause(this.random.between(0.1, 5))
    if (this.#isLost()) {
      // Gone, or so late that the client has given up: then it is heard all the same.
      if (this.random.chance(0.5)) void this.pause(this.random.between(200, 5000)).then(() => ask(this.groups))
      return this.#timeOut()
    }
    const answer = await ask(this.groups)
    await this.pause(this.random.between(0.1, 5))
    return this.#isLost() ? this.#timeOut() : answer
  }

  async #timeOut(): Promise<undefined> {
    await this.pause(200)
    return undefined
  }

  #isLost(): boolean {
    return !this.areFaultsOver && this.random.chance(0.03)
  }

  /** Another broker leads, and lacks some of what was never committed. */
  changeLeader(): void {
    this.changes++
    this.groups.close()
    this.log = this.log.successor({ lost: this.random.below(3) })
    this.groups = this.#coordinators()
    this.groups.becomeLeader(0, this.log.leaderEpoch)
  }

  #coordinators(): GroupCoordinators {
    return new GroupCoordinators(this.world.env('node'), {
      partitionCount: () => 1,
      partition: () => this.log,
      ensureTopic: () => undefined,
      config,
      logger: silentLogger,
    })
  }

  /** Trouble of every kind, one after another. */
  async disturb(untilMs: number): Promise<void> {
    while (this.world.elapsed < untilMs) {
      await this.pause(this.random.between(100, 3000))
      const { log } = this
      switch (this.random.below(4)) {
        case 0:
          log.isReplicating = this.random.chance(0.3)
          await this.pause(this.random.between(1, 300))
          this.changeLeader()
          break
        case 1:
          log.isReplicating = false
          await this.pause(this.random.between(10, 1500))
          log.replicate()
          break
        default:
          log.isSudden = this.random.chance(0.5)
          log.refuses = this.random.chance(0.7) ? 'NOT_ENOUGH_REPLICAS' : 'KAFKA_STORAGE_ERROR'
          await this.pause(this.random.between(10, 500))
          log.refuses = 'NONE'
      }
    }
    this.log.refuses = 'NONE'
    this.log.replicate()
    this.areFaultsOver = true
  }

  given(generationId: number, name: string, partitions: readonly number[]): void {
    for (const partition of partitions) {
      const key = `partition ${partition} in generation ${generationId}`
      const owner = this.owners.get(key)
      if (owner !== undefined && owner !== name) throw new Error(`${key} was given to ${owner} and to ${name}`)
      this.owners.set(key, name)
    }
  }

  /** The committed offsets as a client may see them: none may be below what was promised before it asked. */
  async look(): Promise<boolean> {
    const before = [...this.promised]
    const partitions = before.map((_, partition) => partition)
    const answer = await this.call(groups => groups.fetchOffsets('group', [{ topic: 'orders', partitions }]))
    if (answer?.error !== 'NONE') return false
    for (const { partition, committed } of answer.topics[0]!.partitions) {
      const offset = committed?.offset ?? -1
      if (offset < before[partition]!)
        throw new Error(`the offset of partition ${partition} went back from ${before[partition]} to ${offset}`)
      this.promised[partition] = Math.max(this.promised[partition]!, offset)
    }
    return true
  }
}

/** A consumer: joins, assigns when it leads, reads, commits, and begins anew when told to. */
class Consumer {
  readonly #stage: Stage
  readonly #name: string
  readonly #groupInstanceId: string | null
  #memberId = ''
  #generationId = -1
  /** A commit of this generation may still be on its way: another one of the same member could arrive before it. */
  #unsureIn = -1
  isStopped = false
  isInStep = false

  constructor(stage: Stage, name: string, isStatic: boolean) {
    this.#stage = stage
    this.#name = name
    this.#groupInstanceId = isStatic ? name : null
  }

  async run(): Promise<void> {
    while (!this.isStopped) {
      const partitions = await this.#enter()
      if (partitions === undefined) await this.#stage.pause(this.#stage.random.between(5, 50))
      else await this.#consume(partitions)
      this.isInStep = false
    }
  }

  async leave(): Promise<void> {
    this.isStopped = true
    const member = { memberId: this.#memberId, groupInstanceId: null }
    if (this.#memberId !== '') await this.#stage.call(groups => groups.leaveGroup('group', [member]))
  }

  async #enter(): Promise<readonly number[] | undefined> {
    const identity = { memberId: this.#memberId, groupInstanceId: this.#groupInstanceId }
    const joined = await this.#stage.call(groups =>
      groups.joinGroup('group', {
        ...identity,
        clientId: this.#name,
        clientHost: '/127.0.0.1',
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
        rebalanceTimeoutMs: 8000,
        protocolType: 'consumer',
        protocols: [reading(['orders'])],
        requiresKnownMemberId: this.#groupInstanceId === null,
        supportsSkippingAssignment: true,
      }),
    )
    if (joined === undefined) return undefined
    if (joined.error !== 'NONE') return this.#heard(joined.error, joined.memberId)
    this.#memberId = joined.memberId
    this.#generationId = joined.generationId
    const { members, leader, skipAssignment } = joined
    const isLeader = leader === joined.memberId && !skipAssignment
    const assignments = isLeader
      ? members.map(({ memberId }, index) => ({
          memberId,
          assignment: Buffer.from(
            this.#stage.next.map((_, partition) => partition).filter(partition => partition % members.length === index),
          ),
        }))
      : []
    const synced = await this.#stage.call(groups =>
      groups.syncGroup('group', {
        memberId: joined.memberId,
        groupInstanceId: this.#groupInstanceId,
        generationId: joined.generationId,
        protocolType: 'consumer',
        protocolName: 'range',
        assignments,
      }),
    )
    if (synced === undefined) return undefined
    if (synced.error !== 'NONE') return this.#heard(synced.error)
    const partitions = [...synced.assignment]
    this.#stage.given(joined.generationId, this.#groupInstanceId ?? joined.memberId, partitions)
    return partitions
  }

  #heard(error: ErrorName, memberId?: string): undefined {
    if (error === 'MEMBER_ID_REQUIRED') this.#memberId = memberId!
    if (error === 'UNKNOWN_MEMBER_ID' || error === 'FENCED_INSTANCE_ID') this.#memberId = ''
    if (error === 'FENCED_INSTANCE_ID') this.isStopped = true
    if (error === 'INCONSISTENT_GROUP_PROTOCOL' || error === 'UNKNOWN_SERVER_ERROR') throw new Error(`nobody deserves ${error}`)
  }

  async #consume(partitions: readonly number[]): Promise<void> {
    const stage = this.#stage
    const identity = { memberId: this.#memberId, groupInstanceId: this.#groupInstanceId, generationId: this.#generationId }
    while (!this.isStopped) {
      await stage.pause(stage.random.between(20, 400))
      const beat = await stage.call(groups => groups.heartbeat('group', identity))
      if (beat === undefined) continue
      if (beat !== 'NONE' && beat !== 'NOT_COORDINATOR') return this.#heard(beat)
      this.isInStep = beat === 'NONE'
      if (partitions.length === 0 || this.#unsureIn === this.#generationId) continue
      const partition = partitions[stage.random.below(partitions.length)]!
      const offset = stage.next[partition]!++
      const answer = await stage.call(groups =>
        groups.commitOffsets('group', {
          ...identity,
          retentionTimeMs: -1,
          topics: [{ topic: 'orders', topicId: TOPIC_ID, partitions: [{ partition, offset, leaderEpoch: 0, metadata: '' }] }],
        }),
      )
      if (answer === undefined) {
        this.#unsureIn = this.#generationId
        continue
      }
      const error = answer.error === 'NONE' ? answer.topics[0]!.partitions[0]!.error : answer.error
      if (error === 'NONE') {
        stage.commits++
        stage.promised[partition] = Math.max(stage.promised[partition]!, offset)
      } else if (
        error === 'UNKNOWN_MEMBER_ID' ||
        error === 'ILLEGAL_GENERATION' ||
        error === 'FENCED_INSTANCE_ID' ||
        error === 'REBALANCE_IN_PROGRESS'
      ) {
        return this.#heard(error)
      }
    }
  }
}

async function reloaded(stage: Stage): Promise<GroupTables> {
  const options = { commitTimeoutMs: 500, maxBatchBytes: 1_000_000, logger: silentLogger, onFailed: () => undefined }
  const { state } = await stage.world.settle(ReplicatedState.load(stage.clock, stage.log, groupRules, options))
  return state
}

describe('a group whose coordinator is in trouble', () => {
  it.each(seeds(40))('never shares a partition, never loses a commit, and comes together afterwards (seed %i)', async seed => {
    const stage = new Stage(seed)
    const { world, random } = stage
    const consumers: Consumer[] = []
    let names = 0
    let isTheHouseFull = false
    const start = (name = `consumer-${++names}`, isStatic = random.chance(0.3)) => {
      const consumer = new Consumer(stage, name, isStatic)
      consumers.push(consumer)
      void consumer.run()
    }
    async function comeAndGo(untilMs: number) {
      while (world.elapsed < untilMs) {
        await stage.pause(random.between(200, 4000))
        const living = consumers.filter(({ isStopped }) => !isStopped)
        const one = living[random.below(Math.max(1, living.length))]
        if (living.length < 4 && random.chance(0.6)) start()
        else if (living.length > 1 && one !== undefined) {
          if (random.chance(0.5)) one.isStopped = true // killed: its session has to run out
          else void one.leave()
        }
      }
      isTheHouseFull = true
    }
    async function watch() {
      for (;;) {
        await stage.pause(random.between(5, 100))
        await stage.look()
      }
    }

    for (let index = 0; index < 3; index++) start()
    void stage.disturb(25_000)
    void comeAndGo(25_000)
    void watch()
    await world.run(25_000)
    await world.run(() => stage.areFaultsOver && isTheHouseFull)
    if (consumers.every(({ isStopped }) => isStopped)) start()

    const living = () => consumers.filter(({ isStopped }) => !isStopped)
    await world.run(function allAreInStep() {
      const group = stage.groups.describeGroup('group').group
      return group?.state === 'Stable' && group.members.length === living().length && living().every(({ isInStep }) => isInStep)
    }, 40_000)
    const commits = stage.commits
    start(`newcomer`, false) // a new generation, in which everybody knows what it has committed
    await world.run(() => stage.commits > commits + 5, 20_000)

    // All comes to rest, and the log says the same as the coordinator.
    for (const consumer of consumers) consumer.isStopped = true
    await world.run(1000)
    const described = stage.groups.describeGroup('group').group!
    const asked = [{ topic: 'orders', partitions: stage.next.map((_, partition) => partition) }]
    const live = await world.settle(stage.groups.fetchOffsets('group', asked))
    const tables = await reloaded(stage)
    const { generationId, members } = tables.groups.get('group')!
    expect(members.map(({ memberId, assignment }) => ({ memberId, assignment }))).toEqual(
      described.members.map(({ memberId, assignment }) => ({ memberId, assignment })),
    )
    expect(generationId).toBeGreaterThan(0)
    expect(live.topics[0]!.partitions.map(({ committed }) => committed)).toEqual(
      live.topics[0]!.partitions.map(({ partition }) => tables.offsets.get('group')?.get('orders')?.get(partition)),
    )
    world.close()
  })
})
