import type { Partition } from '../../broker/replication/partition.ts'
import { recordsOf } from '../../metadata/snapshot.ts'
import type { Server } from '../../server/server.ts'
import { BrokenPromise, type History } from './history.ts'
import type { SimulatedCluster } from './simulatedCluster.ts'

/** min.insync.replicas of every topic of the scenario. */
const MIN_IN_SYNC = 2

interface Lead {
  readonly server: Server
  highWatermark: number
  logStartOffset: number
  partitionEpoch: number
}

/** What must hold after every event, whatever has failed. Looks into brokers that are up; never asks them anything. */
export class ClusterInvariants {
  /** How often each was looked at. */
  checks = 0
  readonly #cluster: SimulatedCluster
  readonly #history: History
  /** By topic id, partition and leader epoch. */
  readonly #leads = new Map<string, Lead>()
  /** By topic id and partition, the newest epoch in which somebody was seen to lead. */
  readonly #newestEpochs = new Map<string, number>()
  readonly #controllers = new Map<number, Server>()
  readonly #metadata = new Map<number, string>()
  readonly #applied = new Map<Server, number>()

  constructor(cluster: SimulatedCluster, history: History) {
    this.#cluster = cluster
    this.#history = history
  }

  /** Throws the first that is broken. */
  check(): void {
    for (const { failure, server } of this.#cluster.brokers) {
      if (failure !== undefined) throw failure
      if (server === undefined) continue
      this.checks++
      this.#oneControllerPerEpoch(server)
      this.#committedMetadataAgrees(server)
      for (const partition of server.replicas.partitions()) if (partition.isLeader) this.#leader(server, partition)
    }
  }

  #oneControllerPerEpoch(server: Server): void {
    const { quorum } = server
    if (quorum.role !== 'leader') return
    const known = this.#controllers.get(quorum.epoch)
    if (known === undefined) this.#controllers.set(quorum.epoch, server)
    else if (known !== server)
      throw new BrokenPromise('one leader per quorum epoch', `${known.nodeId} and ${server.nodeId} both lead epoch ${quorum.epoch}`)
  }

  #committedMetadataAgrees(server: Server): void {
    const { image } = server.metadata
    const { lastAppliedOffset, lastAppliedEpoch } = image
    const before = this.#applied.get(server) ?? -1
    if (before === lastAppliedOffset) return
    if (before > lastAppliedOffset)
      throw new BrokenPromise('committed metadata stays', `broker ${server.nodeId} went from ${before} back to ${lastAppliedOffset}`)
    this.#applied.set(server, lastAppliedOffset)
    const told = `${lastAppliedEpoch} ${JSON.stringify([...recordsOf(image)])}`
    const known = this.#metadata.get(lastAppliedOffset)
    if (known === undefined) this.#metadata.set(lastAppliedOffset, told)
    else if (known !== told)
      throw new BrokenPromise('committed metadata agrees', `at ${lastAppliedOffset} broker ${server.nodeId} has ${told}\nothers ${known}`)
  }

  #leader(server: Server, partition: Partition): void {
    const { log, leaderEpoch, name } = partition
    if (log === undefined || leaderEpoch === undefined) return
    const { highWatermark, logStartOffset, logEndOffset } = log
    const partitionEpoch = partition.state?.partitionEpoch ?? -1
    const key = `${partition.topicId}:${partition.index}:${leaderEpoch}`
    const lead = this.#leads.get(key)
    const where = `${name} on broker ${server.nodeId}, leader epoch ${leaderEpoch}`
    if (lead === undefined) {
      this.#leads.set(key, { server, highWatermark, logStartOffset, partitionEpoch })
      const id = `${partition.topicId}:${partition.index}`
      // Who takes up an epoch late, when a newer leader has led already, need not have what that one has committed.
      if (leaderEpoch < (this.#newestEpochs.get(id) ?? 0)) return
      this.#newestEpochs.set(id, leaderEpoch)
      const history = this.#history.partitions.get(id)
      const known = Math.max(history?.acknowledgedEnd ?? 0, history?.readEnd ?? 0)
      if (logEndOffset < known)
        throw new BrokenPromise(
          'leaders have all that was acknowledged or read',
          `${where}: the log ends at ${logEndOffset}, below ${known}`,
        )
      return
    }
    if (lead.server !== server)
      throw new BrokenPromise(
        'one leader per partition epoch',
        `${where}, which broker ${lead.server.nodeId} (or its former life) leads too`,
      )
    if (highWatermark < lead.highWatermark)
      throw new BrokenPromise('the high watermark never goes back', `${where}: from ${lead.highWatermark} to ${highWatermark}`)
    if (logStartOffset < lead.logStartOffset)
      throw new BrokenPromise('the log start never goes back', `${where}: from ${lead.logStartOffset} to ${logStartOffset}`)
    // Several sets may have followed each other in one turn; then the last is not the one that counted.
    const isSameSet = partitionEpoch <= lead.partitionEpoch + 1
    if (highWatermark > lead.highWatermark && isSameSet) this.#isHeldByInSyncReplicas(server, partition, highWatermark)
    lead.highWatermark = highWatermark
    lead.logStartOffset = logStartOffset
    lead.partitionEpoch = partitionEpoch
  }

  /** Who lives and is in the set has what is committed. */
  #isHeldByInSyncReplicas(server: Server, partition: Partition, highWatermark: number): void {
    for (const other of this.#cluster.brokers) {
      if (!partition.inSyncReplicas.includes(other.id)) continue
      const replica = other.server?.replicas.findById(partition.topicId, partition.index)
      // Who is down, or just comes back, had it; its next incarnation has to catch up before it counts again.
      if (replica === undefined || typeof replica === 'string' || replica.log === undefined) continue
      if (replica.leaderEpoch === partition.leaderEpoch && replica.log.logEndOffset < highWatermark)
        throw new BrokenPromise(
          'committed records are held by all in-sync replicas',
          `${partition.name}: broker ${server.nodeId} commits up to ${highWatermark}, and broker ${other.id} has ${replica.log.logEndOffset}`,
        )
    }
    if (partition.inSyncReplicas.length < MIN_IN_SYNC)
      throw new BrokenPromise(
        'nothing is committed below min.insync.replicas',
        `${partition.name} on broker ${server.nodeId} at ${highWatermark}`,
      )
  }
}
