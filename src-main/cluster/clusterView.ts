import type { BrokerState, ClusterEvent, FailoverStory, LogDir, PartitionReplicas, ReplicaState } from '../contract/cluster.ts'
import { comparePartitions } from '../contract/clusterUpdates.ts'
import type { MetadataTold, PartitionStats, PartitionTold, QuorumTold, StatsTold } from '../server/config.ts'
import { RequestHistory } from './requestHistory.ts'

/** How long the mark of a moved leader stays, and how many events are kept. */
const MOVED_SHOWN_MS = 60_000
const EVENTS_KEPT = 1_000
/** A disk that is all but full has room for one record and not for the next: it has space again when it was not full for this long. */
const SPACE_LASTS_MS = 5_000

export interface BrokerView {
  readonly brokerId: number
  state: BrokerState
  stateSinceMs: number
  reason: string | null
  pid: number | null
  startedAtMs: number | null
  fenced: boolean
  memoryBytes: number | null
  cpuPercent: number | null
  bytesInPerSecond: number
  bytesOutPerSecond: number
  lastStats: StatsTold | undefined
  readonly requests: RequestHistory
  /** When a log folder was full last, by path; those that have space are not among them. */
  readonly fullAt: Map<string, number>
}

interface PartitionView extends PartitionTold {
  readonly stats: Map<number, PartitionStats>
  moved: { from: number; to: number; atMs: number } | null
  /** The last leader there was; survives a time without one. */
  lastLeader: number
}

type EventFacts = Partial<Omit<ClusterEvent, 'id' | 'atMs' | 'kind'>>

/**
 * The cluster as its supervisor sees it: what the processes do, what the brokers tell, and the events that follow from both.
 * Knows no clock and no process: every fact comes with its time.
 */
export class ClusterView {
  readonly brokers = new Map<number, BrokerView>()
  controllerId: number | null = null
  controllerEpoch: number | null = null
  story: FailoverStory | null = null
  readonly events: ClusterEvent[] = []

  readonly #partitions = new Map<string, PartitionView>()
  #metadataOffset = -1
  #nextEventId = 1
  readonly #onEvent: (event: ClusterEvent) => void

  constructor(brokerIds: readonly number[], nowMs: number, onEvent: (event: ClusterEvent) => void) {
    this.#onEvent = onEvent
    for (const brokerId of brokerIds) {
      this.brokers.set(brokerId, {
        brokerId,
        state: 'stopped',
        stateSinceMs: nowMs,
        reason: null,
        pid: null,
        startedAtMs: null,
        fenced: true,
        memoryBytes: null,
        cpuPercent: null,
        bytesInPerSecond: 0,
        bytesOutPerSecond: 0,
        lastStats: undefined,
        requests: new RequestHistory(),
        fullAt: new Map(),
      })
    }
  }

  /** The broker's process entered another state; a fault starts the story that the Cluster screen tells. */
  brokerEntered(brokerId: number, state: BrokerState, atMs: number, facts: { pid?: number | null; reason?: string | null } = {}) {
    const broker = this.#broker(brokerId)
    const previous = broker.state
    if (previous === state) return
    broker.state = state
    broker.stateSinceMs = atMs
    broker.reason = facts.reason ?? null
    if (facts.pid !== undefined) broker.pid = facts.pid
    if (state === 'starting') {
      broker.startedAtMs = atMs
      broker.lastStats = undefined
      broker.requests.begin()
      broker.fullAt.clear()
    }
    if (state !== 'running') this.#still(broker)
    this.#tell(eventOf(state, previous), atMs, { brokerId, detail: broker.reason ?? (broker.pid === null ? null : `pid ${broker.pid}`) })
    const fault = faultOf(state)
    if (fault !== undefined) this.#beginStory(brokerId, fault, atMs)
    this.#endStoryIfHealed()
  }

  wiped(brokerId: number, atMs: number) {
    for (const partition of this.#partitions.values()) partition.stats.delete(brokerId)
    this.#tell('brokerWiped', atMs, { brokerId })
  }

  quorumTold(told: QuorumTold) {
    if (this.controllerEpoch !== null && told.epoch < this.controllerEpoch) return // a broker that has not heard of the newer epoch
    const from = this.controllerId
    if (told.leaderId === null) {
      if (told.epoch > (this.controllerEpoch ?? -1)) this.controllerId = null
      this.controllerEpoch = told.epoch
      return
    }
    if (told.epoch === this.controllerEpoch && told.leaderId === from) return
    this.controllerEpoch = told.epoch
    this.controllerId = told.leaderId
    const story = this.story
    if (story !== null && story.controllerFrom !== null && story.controllerElectedMs === null && told.leaderId !== story.brokerId) {
      this.story = { ...story, controllerElectedMs: told.atMs - story.atMs, controllerTo: told.leaderId }
    }
    this.#tell('controllerElected', told.atMs, { brokerId: told.leaderId, from: from === told.leaderId ? null : from })
  }

  metadataTold(told: MetadataTold) {
    if (told.offset <= this.#metadataOffset) return // another broker told it first
    const isFirst = this.#metadataOffset < 0
    this.#metadataOffset = told.offset
    if (told.full) this.#forgetMissing(told)
    for (const topicId of told.deletedTopicIds) this.#deleteTopic(topicId, told.atMs)
    this.#applyPartitions(told, isFirst)
    for (const { brokerId, fenced } of told.brokers) {
      const broker = this.brokers.get(brokerId)
      if (broker === undefined || broker.fenced === fenced) continue
      broker.fenced = fenced
      this.#tell(fenced ? 'brokerFenced' : 'brokerUnfenced', told.atMs, { brokerId })
    }
    this.#endStoryIfHealed()
  }

  statsTold(brokerId: number, told: StatsTold) {
    const broker = this.#broker(brokerId)
    const before = broker.lastStats
    broker.lastStats = told
    broker.requests.told(told)
    broker.memoryBytes = told.memoryBytes
    const elapsedMs = before === undefined ? 0 : told.atMs - before.atMs
    if (before !== undefined && elapsedMs > 0) {
      broker.bytesInPerSecond = ((told.bytesIn - before.bytesIn) * 1000) / elapsedMs
      broker.bytesOutPerSecond = ((told.bytesOut - before.bytesOut) * 1000) / elapsedMs
      broker.cpuPercent = ((told.cpuMs - before.cpuMs) * 100) / elapsedMs
    }
    this.#foldersTold(broker, before, told)
    for (const stats of told.partitions) this.#partitions.get(keyOf(stats.topicId, stats.partition))?.stats.set(brokerId, stats)
  }

  /** Every partition with the state of each of its replicas, by topic and number. */
  partitions(nowMs: number): PartitionReplicas[] {
    const all = [...this.#partitions.values()].map(partition => this.#replicasOf(partition, nowMs))
    return all.sort(comparePartitions)
  }

  /** What one broker holds: how many partitions it leads and follows, and their bytes. */
  holdings(brokerId: number): { leaders: number; followers: number; logBytes: number } {
    let leaders = 0
    let followers = 0
    let logBytes = 0
    for (const partition of this.#partitions.values()) {
      if (!partition.replicas.includes(brokerId)) continue
      if (partition.leader === brokerId) leaders += 1
      else followers += 1
      logBytes += partition.stats.get(brokerId)?.sizeBytes ?? 0
    }
    return { leaders, followers, logBytes }
  }

  /** A broker's log folders, which are these, in the order in which it tells of them. Of a process that is gone nothing bad is known. */
  logDirs(brokerId: number, paths: readonly string[]): LogDir[] {
    const { state, lastStats, fullAt } = this.#broker(brokerId)
    const isThere = state === 'running' || state === 'frozen' || state === 'stopping'
    return paths.map((path, index) => {
      const folder = isThere ? lastStats?.folders[index] : undefined
      const problem = folder?.failure ?? null
      return { path, problem, state: problem !== null ? 'offline' : folder !== undefined && fullAt.has(folder.path) ? 'full' : 'online' }
    })
  }

  #foldersTold(broker: BrokerView, before: StatsTold | undefined, { folders, atMs }: StatsTold) {
    const { brokerId, fullAt } = broker
    for (const [index, { path, failure, isFull }] of folders.entries()) {
      if (failure !== null) {
        fullAt.delete(path)
        if ((before?.folders[index]?.failure ?? null) === null) this.#tell('logDirFailed', atMs, { brokerId, detail: path })
      } else if (isFull) {
        if (!fullAt.has(path)) this.#tell('logDirFull', atMs, { brokerId, detail: path })
        fullAt.set(path, atMs)
      } else if (atMs - (fullAt.get(path) ?? atMs) >= SPACE_LASTS_MS) {
        fullAt.delete(path)
        this.#tell('logDirHasSpace', atMs, { brokerId, detail: path })
      }
    }
  }

  #replicasOf(partition: PartitionView, nowMs: number): PartitionReplicas {
    const { moved } = partition
    return {
      topic: partition.topic,
      partition: partition.partition,
      isInternal: partition.topic.startsWith('__'),
      leader: partition.leader < 0 ? null : partition.leader,
      leaderEpoch: partition.leaderEpoch,
      highWatermark: partition.stats.get(partition.leader < 0 ? partition.lastLeader : partition.leader)?.highWatermark ?? null,
      inSyncReplicas: [...partition.isr],
      replicas: partition.replicas.map(brokerId => {
        const stats = partition.stats.get(brokerId)
        const state = this.#stateOf(partition, brokerId)
        return {
          brokerId,
          state,
          problem: state === 'offline' && this.#isUp(brokerId) ? (stats?.problem ?? null) : null,
          logStartOffset: stats?.logStartOffset ?? null,
          logEndOffset: stats?.logEndOffset ?? null,
          sizeBytes: stats?.sizeBytes ?? null,
        }
      }),
      moved: moved !== null && nowMs - moved.atMs < MOVED_SHOWN_MS ? moved : null,
    }
  }

  #stateOf(partition: PartitionView, brokerId: number): ReplicaState {
    if (!this.#isUp(brokerId)) return 'offline'
    if (partition.leader === brokerId) return 'leader'
    if ((partition.stats.get(brokerId)?.problem ?? null) !== null) return 'offline'
    return partition.isr.includes(brokerId) ? 'inSync' : 'lagging'
  }

  #isUp(brokerId: number): boolean {
    const state = this.brokers.get(brokerId)?.state
    return state === undefined || state === 'running' || state === 'starting' || state === 'stopping'
  }

  #applyPartitions(told: MetadataTold, isFirst: boolean) {
    const created = new Map<string, number>()
    const shrunk: PartitionView[] = []
    const expanded: PartitionView[] = []
    const movedTo = new Map<string, { from: number; to: number; count: number; one: PartitionView }>()
    for (const next of told.partitions) {
      const key = keyOf(next.topicId, next.partition)
      const before = this.#partitions.get(key)
      if (before === undefined) {
        this.#partitions.set(key, { ...next, stats: new Map(), moved: null, lastLeader: next.leader })
        created.set(next.topic, (created.get(next.topic) ?? 0) + 1)
        continue
      }
      if (next.partitionEpoch <= before.partitionEpoch) continue
      const after: PartitionView = { ...before, ...next, lastLeader: next.leader < 0 ? before.lastLeader : next.leader }
      this.#partitions.set(key, after)
      if (next.isr.length < before.isr.length) shrunk.push(after)
      if (next.isr.length > before.isr.length) expanded.push(after)
      if (next.leader >= 0 && next.leader !== before.lastLeader) {
        after.moved = { from: before.lastLeader, to: next.leader, atMs: told.atMs }
        const route = `${before.lastLeader}>${next.leader}`
        const moves = movedTo.get(route) ?? { from: before.lastLeader, to: next.leader, count: 0, one: after }
        movedTo.set(route, { ...moves, count: moves.count + 1 })
      }
    }
    if (!isFirst) for (const [topic, count] of created) this.#tell('topicCreated', told.atMs, { topic, count })
    for (const { from, to, count, one } of movedTo.values()) {
      this.#tell('leadersMoved', told.atMs, {
        from,
        brokerId: to,
        count,
        ...(count === 1 && { topic: one.topic, partition: one.partition }),
      })
    }
    this.#tellIsr('isrShrunk', shrunk, told.atMs)
    this.#tellIsr('isrExpanded', expanded, told.atMs)
    this.#continueStory([...movedTo.values()], told.atMs)
  }

  #tellIsr(kind: 'isrShrunk' | 'isrExpanded', changed: readonly PartitionView[], atMs: number) {
    const byMembers = Map.groupBy(changed, partition => [...partition.isr].sort((a, b) => a - b).join())
    for (const same of byMembers.values()) {
      const [one] = same
      if (one === undefined) continue
      const inSyncReplicas = [...one.isr].sort((a, b) => a - b)
      this.#tell(kind, atMs, {
        count: same.length,
        inSyncReplicas,
        ...(same.length === 1 && { topic: one.topic, partition: one.partition }),
      })
    }
  }

  #beginStory(brokerId: number, fault: FailoverStory['fault'], atMs: number) {
    const wasController = this.controllerId === brokerId
    this.story = {
      brokerId,
      fault,
      atMs,
      controllerElectedMs: null,
      controllerFrom: wasController ? brokerId : null,
      controllerTo: null,
      leadersMovedMs: null,
      leadersMoved: 0,
      leaderless: 0,
    }
  }

  #continueStory(moves: readonly { from: number; count: number }[], atMs: number) {
    const story = this.story
    if (story === null) return
    const moved = moves.filter(move => move.from === story.brokerId).reduce((sum, move) => sum + move.count, 0)
    const leaderless = [...this.#partitions.values()].filter(each => each.leader < 0 && each.lastLeader === story.brokerId).length
    this.story = {
      ...story,
      leaderless,
      leadersMoved: story.leadersMoved + moved,
      leadersMovedMs: moved > 0 ? atMs - story.atMs : story.leadersMovedMs,
    }
  }

  /** Healthy and uneventful: no strip. */
  #endStoryIfHealed() {
    const story = this.story
    if (story === null || this.brokers.get(story.brokerId)?.state !== 'running') return
    for (const partition of this.#partitions.values()) {
      if (partition.isr.length < partition.replicas.length || partition.leader < 0) return
    }
    this.story = null
  }

  #deleteTopic(topicId: string, atMs: number) {
    let topic: string | null = null
    let count = 0
    for (const [key, partition] of this.#partitions) {
      if (partition.topicId !== topicId) continue
      topic = partition.topic
      count += 1
      this.#partitions.delete(key)
    }
    if (topic !== null) this.#tell('topicDeleted', atMs, { topic, count })
  }

  #forgetMissing(told: MetadataTold) {
    const present = new Set(told.partitions.map(each => keyOf(each.topicId, each.partition)))
    for (const key of this.#partitions.keys()) if (!present.has(key)) this.#partitions.delete(key)
  }

  #still(broker: BrokerView) {
    broker.bytesInPerSecond = 0
    broker.bytesOutPerSecond = 0
    broker.cpuPercent = null
    if (broker.state !== 'frozen' && broker.state !== 'stopping') broker.memoryBytes = null
  }

  #tell(kind: ClusterEvent['kind'], atMs: number, facts: EventFacts) {
    const event: ClusterEvent = {
      id: this.#nextEventId++,
      atMs,
      kind,
      brokerId: null,
      topic: null,
      partition: null,
      count: 1,
      inSyncReplicas: null,
      from: null,
      detail: null,
      ...facts,
    }
    this.events.push(event)
    if (this.events.length > EVENTS_KEPT) this.events.shift()
    this.#onEvent(event)
  }

  #broker(brokerId: number): BrokerView {
    const broker = this.brokers.get(brokerId)
    if (broker === undefined) throw new RangeError(`There is no broker ${brokerId}; there are ${[...this.brokers.keys()].join(', ')}`)
    return broker
  }
}

const keyOf = (topicId: string, partition: number) => `${topicId}:${partition}`

function eventOf(state: BrokerState, previous: BrokerState): ClusterEvent['kind'] {
  switch (state) {
    case 'starting':
      return 'brokerStarting'
    case 'running':
      return previous === 'frozen' ? 'brokerResumed' : 'brokerReady'
    case 'frozen':
      return 'brokerFrozen'
    case 'stopping':
      return 'brokerStopping'
    case 'stopped':
      return 'brokerStopped'
    case 'killed':
      return 'brokerKilled'
    case 'died':
      return 'brokerDied'
  }
}

function faultOf(state: BrokerState): FailoverStory['fault'] | undefined {
  return state === 'killed' || state === 'died' || state === 'frozen' || state === 'stopped' ? state : undefined
}
