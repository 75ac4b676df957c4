import { NetworkError } from '../../env/env.ts'
import { errorName } from '../../protocol/errors.ts'
import { FindCoordinator } from '../../protocol/messages/findCoordinator.ts'
import { JoinGroup } from '../../protocol/messages/joinGroup.ts'
import { OffsetCommit } from '../../protocol/messages/offsetCommit.ts'
import { OffsetFetch } from '../../protocol/messages/offsetFetch.ts'
import { SyncGroup } from '../../protocol/messages/syncGroup.ts'
import { BrokenPromise } from './history.ts'
import { NotNow, SimulatedClient, untilOver, type ClientWorld } from './simulatedClient.ts'

const GROUP = 0
const MEMBER_ID_REQUIRED = 79
const LAST_TRY = 20
/** Too short for a leadership to be lost, won again and loaded. */
const QUICK_MS = 100

interface Generation {
  readonly generationId: number
  readonly memberId: string
}

/**
 * The only one who commits for its group, ever higher numbers, as a member of a generation or on its own account. What was acknowledged may never be
 * taken back, and nothing may appear that was not asked for.
 */
export class GroupMember {
  readonly groupId: string
  commits = 0
  readonly #world: ClientWorld
  readonly #client: SimulatedClient
  readonly #topic: string
  readonly #joins: boolean
  #generation: Generation | undefined
  #attempted = 0
  #lastCoordinator: number | undefined
  #acknowledged = -1
  /**
   * Commits whose fate is not known. What was on its way when a client gave up a connection may arrive when the network is mended, at a broker that
   * coordinates by then: without a generation nothing fences it, in Kafka neither.
   */
  readonly #abandoned = new Set<number>()

  constructor(world: ClientWorld, at: { groupId: string; topic: string; joins: boolean }) {
    this.#world = world
    this.groupId = at.groupId
    this.#topic = at.topic
    this.#joins = at.joins
    this.#client = new SimulatedClient(world, `member of ${at.groupId}`)
  }

  run(): Promise<void> {
    return untilOver(this.#world, this.#client, async () => {
      await this.#client.rest(this.#client.random.below(150))
      const coordinator = await this.#coordinator()
      if (this.#joins) this.#generation ??= await this.#join(coordinator)
      if (!this.#world.isDraining) await this.#commitAt(coordinator)
      // A member who goes and comes, so that the coordinator rebalances.
      if (this.#client.random.chance(0.03)) this.#generation = undefined
    })
  }

  async #coordinator(): Promise<number> {
    const { coordinators } = await this.#client.ask(this.#client.anyBroker(), FindCoordinator, {
      keyType: GROUP,
      coordinatorKeys: [this.groupId],
    })
    const found = coordinators[0]
    if (found === undefined || found.errorCode !== 0) throw new NotNow('there is no coordinator')
    return found.nodeId
  }

  async #join(coordinator: number): Promise<Generation> {
    const request = (memberId: string) => ({
      groupId: this.groupId,
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: 3000,
      memberId,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
    })
    let joined = await this.#client.ask(coordinator, JoinGroup, request(''), 8000)
    if (joined.errorCode === MEMBER_ID_REQUIRED) joined = await this.#client.ask(coordinator, JoinGroup, request(joined.memberId), 8000)
    if (joined.errorCode !== 0) throw new NotNow(errorName(joined.errorCode))
    const { generationId, memberId } = joined
    const assignments = joined.leader === memberId ? [{ memberId, assignment: Buffer.alloc(0) }] : []
    const synced = await this.#client.ask(coordinator, SyncGroup, {
      groupId: this.groupId,
      generationId,
      memberId,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments,
    })
    if (synced.errorCode !== 0) throw new NotNow(errorName(synced.errorCode))
    return { generationId, memberId }
  }

  /**
   * A coordinator that has just taken over must know what its predecessor acknowledged. That it has taken over, and is not the predecessor that does
   * not know it yet, shows when it can commit right afterwards.
   */
  async #commitAt(coordinator: number): Promise<void> {
    const before = { acknowledged: this.#acknowledged, attempted: this.#attempted, atMs: this.#client.elapsed }
    const found = coordinator === this.#lastCoordinator ? undefined : await this.#fetch(coordinator)
    await this.#commit(coordinator)
    this.#lastCoordinator = coordinator
    if (found !== undefined && this.#client.elapsed - before.atMs < QUICK_MS) this.#hold(found, before)
  }

  async #commit(coordinator: number): Promise<void> {
    const committedOffset = ++this.#attempted
    this.#abandoned.add(committedOffset)
    const generation = this.#generation
    this.#generation = undefined
    const { topics } = await this.#client.ask(coordinator, OffsetCommit, {
      groupId: this.groupId,
      generationIdOrMemberEpoch: generation?.generationId ?? -1,
      memberId: generation?.memberId ?? '',
      topics: [{ name: this.#topic, partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: '' }] }],
    })
    const error = errorName(topics[0]!.partitions[0]!.errorCode)
    if (error === 'NONE') {
      this.#generation = generation
      this.#abandoned.delete(committedOffset)
      this.#acknowledged = committedOffset
      this.commits++
      await this.check(coordinator)
      return
    }
    throw new NotNow(error)
  }

  /** What the coordinator that has just answered a commit, or the one that everybody agrees on, says was committed. */
  async check(coordinator?: number): Promise<void> {
    const found = await this.#fetch(coordinator ?? (await this.#coordinator()))
    this.#hold(found, { acknowledged: this.#acknowledged, attempted: this.#attempted })
  }

  /** As soon as the coordinator can be reached: connections may be left that lead nowhere. */
  async checkInTheEnd(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.check()
      } catch (error) {
        if (tries === LAST_TRY || !(error instanceof NotNow || error instanceof NetworkError)) throw error
        await this.#client.pause(500)
      }
    }
  }

  #hold(committedOffset: number, { acknowledged, attempted }: { acknowledged: number; attempted: number }): void {
    this.#world.checks.count('committed offsets stay')
    if (!this.#joins && this.#abandoned.has(committedOffset)) return
    if (committedOffset < acknowledged || committedOffset > attempted)
      throw new BrokenPromise(
        'committed offsets stay',
        `${this.groupId} had ${acknowledged} acknowledged and ${attempted} tried, but is at ${committedOffset}`,
      )
  }

  async #fetch(coordinator: number): Promise<number> {
    const { groups } = await this.#client.ask(coordinator, OffsetFetch, {
      groups: [{ groupId: this.groupId, topics: [{ name: this.#topic, partitionIndexes: [0] }] }],
    })
    const group = groups[0]!
    const answer = group.topics[0]?.partitions[0]
    if (group.errorCode !== 0 || answer === undefined || answer.errorCode !== 0) throw new NotNow(errorName(group.errorCode))
    return answer.committedOffset
  }
}
