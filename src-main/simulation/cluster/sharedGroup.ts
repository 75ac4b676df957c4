import { NetworkError } from '../../env/env.ts'
import { errorName } from '../../protocol/errors.ts'
import { FindCoordinator } from '../../protocol/messages/findCoordinator.ts'
import { Heartbeat } from '../../protocol/messages/heartbeat.ts'
import { JoinGroup } from '../../protocol/messages/joinGroup.ts'
import { LeaveGroup } from '../../protocol/messages/leaveGroup.ts'
import { OffsetCommit } from '../../protocol/messages/offsetCommit.ts'
import { OffsetFetch } from '../../protocol/messages/offsetFetch.ts'
import { SyncGroup } from '../../protocol/messages/syncGroup.ts'
import { BrokenPromise } from './history.ts'
import { NotNow, SimulatedClient, untilOver, type ClientWorld } from './simulatedClient.ts'

const GROUP = 0
const MEMBERS = 3
const LAST_TRY = 20
const JOIN_PATIENCE_MS = 6000

interface Generation {
  readonly generationId: number
  readonly memberId: string
  readonly owned: readonly number[]
}

/**
 * A group of several members who come and go and divide partitions among themselves. Whoever owns one commits for it, ever higher numbers: two owners of
 * one generation would be seen at once, and a former owner that is still listened to would take back what its successor has committed.
 */
export class SharedGroup {
  readonly groupId = 'shared'
  commits = 0
  readonly #world: ClientWorld
  readonly #topic: string
  readonly #clients: SimulatedClient[]
  /** Those that there are: the coordinator takes commits for no others. */
  #partitions: readonly number[] = []
  #attempted = 0
  /** The newest generation of which a member was told what it owns. */
  #newestGeneration = 0
  /** By partition. */
  readonly #acknowledged = new Map<number, number>()

  constructor(world: ClientWorld, topic: string) {
    this.#world = world
    this.#topic = topic
    this.#clients = Array.from({ length: MEMBERS }, (_, index) => new SimulatedClient(world, `member ${index + 1} of ${this.groupId}`))
  }

  async run(partitions: number): Promise<void> {
    this.#partitions = Array.from({ length: partitions }, (_, index) => index)
    await Promise.all(this.#clients.map(client => this.#runMember(client)))
  }

  async #runMember(client: SimulatedClient): Promise<void> {
    let generation: Generation | undefined
    let memberId = ''
    await untilOver(this.#world, client, async () => {
      await client.rest(client.random.below(300))
      const coordinator = await this.#coordinator(client)
      try {
        if (generation === undefined) {
          memberId = await this.#idFor(client, coordinator, memberId)
          generation = await this.#join(client, coordinator, memberId)
        }
        await this.#heartbeat(client, coordinator, generation)
        if (!this.#world.isDraining) await this.#commit(client, coordinator, generation)
      } catch (error) {
        // Also after a commit whose fate is not known: in the next generation it can take nothing back any more.
        generation = undefined
        if (error instanceof NotNow && error.message === 'UNKNOWN_MEMBER_ID') memberId = ''
        throw error
      }
      if (!client.random.chance(0.02)) return
      // Some say that they go, the others are missed after a while.
      const leaving = memberId
      generation = undefined
      memberId = ''
      if (client.random.chance(0.5)) await client.ask(coordinator, LeaveGroup, { groupId: this.groupId, members: [{ memberId: leaving }] })
    })
  }

  async #coordinator(client: SimulatedClient): Promise<number> {
    const { coordinators } = await client.ask(client.anyBroker(), FindCoordinator, { keyType: GROUP, coordinatorKeys: [this.groupId] })
    const found = coordinators[0]
    if (found === undefined || found.errorCode !== 0) throw new NotNow('there is no coordinator')
    return found.nodeId
  }

  /** Who is new is given an id, and comes again with it (KIP-394). */
  async #idFor(client: SimulatedClient, coordinator: number, known: string): Promise<string> {
    if (known !== '') return known
    const { errorCode, memberId } = await client.ask(coordinator, JoinGroup, this.#joining(''), JOIN_PATIENCE_MS)
    const error = errorName(errorCode)
    if (error !== 'MEMBER_ID_REQUIRED') throw new NotNow(error)
    return memberId
  }

  #joining(memberId: string) {
    return {
      groupId: this.groupId,
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: 2000,
      memberId,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
    }
  }

  async #join(client: SimulatedClient, coordinator: number, memberId: string): Promise<Generation> {
    const { groupId } = this
    const joined = await client.ask(coordinator, JoinGroup, this.#joining(memberId), JOIN_PATIENCE_MS)
    if (joined.errorCode !== 0) throw new NotNow(errorName(joined.errorCode))
    const { generationId, members } = joined
    const isLeader = joined.leader === memberId
    const assignments = members.map((member, index) => ({
      memberId: member.memberId,
      assignment: Buffer.from(this.#partitions.filter(partition => partition % members.length === index)),
    }))
    const synced = await client.ask(
      coordinator,
      SyncGroup,
      { groupId, generationId, memberId, protocolType: 'consumer', protocolName: 'range', assignments: isLeader ? assignments : [] },
      4000,
    )
    if (synced.errorCode !== 0) throw new NotNow(errorName(synced.errorCode))
    const owned = [...synced.assignment]
    this.#world.checks.count('no partition is owned twice in a generation', owned.length)
    this.#newestGeneration = Math.max(generationId, this.#newestGeneration)
    for (const partition of owned) this.#world.history.noteOwner({ groupId, generationId, memberId }, partition)
    return { generationId, memberId, owned }
  }

  async #heartbeat(client: SimulatedClient, coordinator: number, { generationId, memberId }: Generation): Promise<void> {
    const { errorCode } = await client.ask(coordinator, Heartbeat, { groupId: this.groupId, generationId, memberId })
    if (errorCode !== 0) throw new NotNow(errorName(errorCode))
  }

  async #commit(client: SimulatedClient, coordinator: number, { generationId, memberId, owned }: Generation): Promise<void> {
    const partition = owned[client.random.below(Math.max(1, owned.length))]
    if (partition === undefined) return
    const committedOffset = ++this.#attempted
    const newestGeneration = this.#newestGeneration
    const { topics } = await client.ask(coordinator, OffsetCommit, {
      groupId: this.groupId,
      generationIdOrMemberEpoch: generationId,
      memberId,
      topics: [{ name: this.#topic, partitions: [{ partitionIndex: partition, committedOffset, committedMetadata: '' }] }],
    })
    const error = errorName(topics[0]!.partitions[0]!.errorCode)
    if (error !== 'NONE') throw new NotNow(error)
    this.#world.checks.count('nothing is taken from earlier generations')
    if (generationId < newestGeneration)
      throw new BrokenPromise(
        'nothing is taken from earlier generations',
        `${memberId} of generation ${generationId} could commit for partition ${partition} of ${this.groupId} in generation ${newestGeneration}`,
      )
    this.commits++
    this.#acknowledged.set(partition, Math.max(committedOffset, this.#acknowledged.get(partition) ?? 0))
    await this.#hold(client, coordinator)
  }

  /** What a coordinator that has just taken a commit, or the one that all agree on, says of all partitions. */
  async #hold(client: SimulatedClient, coordinator: number): Promise<void> {
    const acknowledged = new Map(this.#acknowledged)
    const { groups } = await client.ask(coordinator, OffsetFetch, {
      groups: [{ groupId: this.groupId, topics: [{ name: this.#topic, partitionIndexes: this.#partitions }] }],
    })
    const group = groups[0]!
    if (group.errorCode !== 0) throw new NotNow(errorName(group.errorCode))
    for (const { partitionIndex, committedOffset, errorCode } of group.topics[0]?.partitions ?? []) {
      if (errorCode !== 0) throw new NotNow(errorName(errorCode))
      this.#world.checks.count('committed offsets stay')
      const known = acknowledged.get(partitionIndex) ?? -1
      if (committedOffset < known || committedOffset > this.#attempted)
        throw new BrokenPromise(
          'committed offsets stay',
          `partition ${partitionIndex} of ${this.groupId} had ${known} acknowledged, of ${this.#attempted} that were tried, but is at ${committedOffset} on broker ${coordinator}`,
        )
    }
  }

  async checkInTheEnd(): Promise<void> {
    const [client] = this.#clients
    for (let tries = 1; ; tries++) {
      try {
        return await this.#hold(client!, await this.#coordinator(client!))
      } catch (error) {
        if (tries === LAST_TRY || !(error instanceof NotNow || error instanceof NetworkError)) throw error
        await client!.pause(500)
      }
    }
  }
}
