import type { Partition } from '../../broker/replication/partition.ts'
import type { MetadataImage, TopicImage } from '../../metadata/image.ts'
import { recordsOf, recordsOfTopic } from '../../metadata/snapshot.ts'
import type { Server } from '../../server/server.ts'
import type { PartitionLog } from '../../storage/partitionLog.ts'
import type { Checks } from './checks.ts'
import { COMMITTED_RECORDS_AGREE, CommittedRecords } from './committedRecords.ts'
import { BrokenPromise, type History } from './history.ts'
import { type MetadataWatch, UNCLEAN_ONLY_WHERE_ALLOWED } from './metadataWatch.ts'
import type { SimulatedBroker, SimulatedCluster } from './simulatedCluster.ts'

/** After so many events all brokers are looked at, whoever's event it was. */
const EVENTS_UNTIL_ALL = 256

interface Lead {
  readonly server: Server
  readonly leaderEpoch: number
  highWatermark: number
  logStartOffset: number
  partitionEpoch: number
}

/** What was there to see of a replica at the last look. */
interface Seen {
  log: PartitionLog
  isLeader: boolean
  leaderEpoch: number | undefined
  partitionEpoch: number
  highWatermark: number
  logStartOffset: number
}

export interface InvariantOptions {
  readonly checks: Checks
  readonly history: History
  readonly metadata: MetadataWatch
  /** Of the topic in which an unclean election may lose records; every other topic has `minInSync`. */
  readonly riskyTopic: string
  readonly minInSync: number
  readonly note: (what: string) => void
}

/** What must hold after every event, whatever has failed. Looks into brokers that are up; never asks them anything. */
export class ClusterInvariants {
  readonly #cluster: SimulatedCluster
  readonly #options: InvariantOptions
  readonly #brokers: ReadonlyMap<string, SimulatedBroker>
  readonly #committed = new CommittedRecords()
  /** By topic id, partition and leader epoch. */
  readonly #leads = new Map<string, Lead>()
  /** The same, found more quickly. */
  readonly #present = new WeakMap<Partition, Lead>()
  /** By topic id and partition, the newest epoch in which somebody was seen to lead. */
  readonly #newestEpochs = new Map<string, number>()
  readonly #controllers = new Map<number, Server>()
  readonly #metadata = new Map<number, string>()
  readonly #topics = new WeakMap<TopicImage, string>()
  readonly #applied = new WeakMap<Server, number>()
  readonly #ids = new WeakMap<Partition, string>()
  readonly #seen = new WeakMap<Partition, Seen>()
  #looks = 0
  #leaderLooks = 0
  #events = 0

  constructor(cluster: SimulatedCluster, options: InvariantOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#brokers = new Map(cluster.brokers.map(broker => [broker.name, broker]))
  }

  /** Throws the first that is broken. An event changes nobody but whose it was. */
  check(): void {
    const node = this.#cluster.world.latestNode
    const broker = node === undefined ? undefined : this.#brokers.get(node)
    if (this.#events++ % EVENTS_UNTIL_ALL === 0 || node === undefined) for (const each of this.#cluster.brokers) this.#look(each)
    else if (broker !== undefined) this.#look(broker)
  }

  /** Adds what was looked at to the counts. */
  count(): void {
    const { checks, metadata } = this.#options
    checks.count('one leader per quorum epoch', this.#looks)
    checks.count('committed metadata agrees', this.#looks)
    checks.count('one leader per partition epoch', this.#leaderLooks)
    checks.count('the high watermark never goes back', this.#leaderLooks)
    checks.count('the log start never goes back', this.#leaderLooks)
    checks.count(COMMITTED_RECORDS_AGREE, this.#committed.compared)
    checks.count(UNCLEAN_ONLY_WHERE_ALLOWED, metadata.elections)
  }

  #look({ failure, server, name }: SimulatedBroker): void {
    if (failure !== undefined) throw failure
    if (server === undefined) return
    this.#looks++
    this.#oneControllerPerEpoch(server)
    this.#committedMetadataAgrees(server)
    const disk = this.#cluster.world.disk(name)
    for (const partition of server.replicas.partitions()) {
      const { log } = partition
      if (log === undefined || partition.isOffline) continue
      const { isLeader } = partition
      if (isLeader) this.#leaderLooks++
      if (!this.#hasMoved(partition, log, isLeader)) continue
      if (isLeader) this.#leader(server, partition)
      // After an unclean election, who was ahead of the new leader has what nobody else has until it has heard of it.
      const id = this.#idOf(partition)
      if (this.#options.metadata.uncleanEpochs(id).length === 0) this.#committed.look(id, log, disk)
    }
  }

  /** Whether there is anything to see that was not there at the last look: mostly an event concerns one partition of many, or none. */
  #hasMoved(partition: Partition, log: PartitionLog, isLeader: boolean): boolean {
    const { leaderEpoch } = partition
    const { highWatermark, logStartOffset } = log
    const partitionEpoch = partition.state?.partitionEpoch ?? -1
    const seen = this.#seen.get(partition)
    if (seen === undefined) {
      this.#seen.set(partition, { log, isLeader, leaderEpoch, partitionEpoch, highWatermark, logStartOffset })
      return true
    }
    if (
      seen.highWatermark === highWatermark &&
      seen.logStartOffset === logStartOffset &&
      seen.isLeader === isLeader &&
      seen.leaderEpoch === leaderEpoch &&
      seen.partitionEpoch === partitionEpoch &&
      seen.log === log
    )
      return false
    seen.log = log
    seen.isLeader = isLeader
    seen.leaderEpoch = leaderEpoch
    seen.partitionEpoch = partitionEpoch
    seen.highWatermark = highWatermark
    seen.logStartOffset = logStartOffset
    return true
  }

  #idOf(partition: Partition): string {
    let id = this.#ids.get(partition)
    if (id === undefined) this.#ids.set(partition, (id = `${partition.topicId}:${partition.index}`))
    return id
  }

  #oneControllerPerEpoch(server: Server): void {
    const { quorum } = server
    if (quorum.role !== 'leader') return
    const known = this.#controllers.get(quorum.epoch)
    if (known === server) return
    if (known !== undefined)
      throw new BrokenPromise('one leader per quorum epoch', `${known.nodeId} and ${server.nodeId} both lead epoch ${quorum.epoch}`)
    this.#controllers.set(quorum.epoch, server)
    this.#options.note(`broker ${server.nodeId} leads the quorum in epoch ${quorum.epoch}`)
  }

  /** As text. Images share the topics in which they do not differ. */
  #recordsOf(image: MetadataImage): string {
    const parts = [JSON.stringify([...recordsOf(image, { topics: [] })])]
    for (const topic of image.topicsById.values()) {
      let records = this.#topics.get(topic)
      if (records === undefined) this.#topics.set(topic, (records = JSON.stringify([...recordsOfTopic(topic)])))
      parts.push(records)
    }
    return parts.join()
  }

  #committedMetadataAgrees(server: Server): void {
    const { image } = server.metadata
    const { lastAppliedOffset, lastAppliedEpoch } = image
    const before = this.#applied.get(server) ?? -1
    if (before === lastAppliedOffset) return
    if (before > lastAppliedOffset)
      throw new BrokenPromise('committed metadata stays', `broker ${server.nodeId} went from ${before} back to ${lastAppliedOffset}`)
    this.#applied.set(server, lastAppliedOffset)
    this.#options.metadata.look(image)
    const told = `${lastAppliedEpoch} ${this.#recordsOf(image)}`
    const known = this.#metadata.get(lastAppliedOffset)
    if (known === undefined) this.#metadata.set(lastAppliedOffset, told)
    else if (known !== told)
      throw new BrokenPromise('committed metadata agrees', `at ${lastAppliedOffset} broker ${server.nodeId} has ${told}\nothers ${known}`)
  }

  #leader(server: Server, partition: Partition): void {
    const { log, leaderEpoch } = partition
    if (log === undefined || leaderEpoch === undefined) return
    const { highWatermark, logStartOffset } = log
    let lead = this.#present.get(partition)
    if (lead?.leaderEpoch !== leaderEpoch) lead = this.#leadBegins(server, partition, leaderEpoch)
    const partitionEpoch = partition.state?.partitionEpoch ?? -1
    // Several sets may have followed each other in one turn; then the last is not the one that counted.
    const isSameSet = partitionEpoch <= lead.partitionEpoch + 1
    lead.partitionEpoch = partitionEpoch
    if (highWatermark === lead.highWatermark && logStartOffset === lead.logStartOffset) return
    const where = () => `${partition.name} on broker ${server.nodeId}, leader epoch ${leaderEpoch}`
    if (highWatermark < lead.highWatermark)
      throw new BrokenPromise('the high watermark never goes back', `${where()}: from ${lead.highWatermark} to ${highWatermark}`)
    if (logStartOffset < lead.logStartOffset)
      throw new BrokenPromise('the log start never goes back', `${where()}: from ${lead.logStartOffset} to ${logStartOffset}`)
    if (highWatermark > lead.highWatermark && isSameSet) this.#isHeldByInSyncReplicas(server, partition, highWatermark)
    lead.highWatermark = highWatermark
    lead.logStartOffset = logStartOffset
  }

  #leadBegins(server: Server, partition: Partition, leaderEpoch: number): Lead {
    const log = partition.log!
    const id = this.#idOf(partition)
    const key = `${id}:${leaderEpoch}`
    const where = `${partition.name} on broker ${server.nodeId}, leader epoch ${leaderEpoch}`
    const known = this.#leads.get(key)
    if (known !== undefined)
      throw new BrokenPromise(
        'one leader per partition epoch',
        `${where}, which broker ${known.server.nodeId} (or its former life) leads too`,
      )
    const { highWatermark, logStartOffset } = log
    const lead = { server, leaderEpoch, highWatermark, logStartOffset, partitionEpoch: partition.state?.partitionEpoch ?? -1 }
    this.#leads.set(key, lead)
    this.#present.set(partition, lead)
    // Who takes up an epoch late, when a newer leader has led already, need not have what that one has committed.
    if (leaderEpoch < (this.#newestEpochs.get(id) ?? 0)) return lead
    this.#newestEpochs.set(id, leaderEpoch)
    if (this.#options.metadata.uncleanEpochs(id).length === 0) this.#hasEverything(id, partition, where)
    return lead
  }

  /** Whoever leads has all that was acknowledged, read or committed. */
  #hasEverything(id: string, { log }: Partition, where: string): void {
    const { checks, history } = this.#options
    const { logEndOffset } = log!
    const told = history.partitions.get(id)
    const acknowledged = Math.max(told?.acknowledgedEnd ?? 0, told?.readEnd ?? 0)
    checks.count('leaders have all that was acknowledged or read')
    if (logEndOffset < acknowledged)
      throw new BrokenPromise(
        'leaders have all that was acknowledged or read',
        `${where}: the log ends at ${logEndOffset}, below ${acknowledged}`,
      )
    checks.count('leaders have all that was committed')
    const committed = this.#committed.endOf(id)
    if (logEndOffset < committed)
      throw new BrokenPromise('leaders have all that was committed', `${where}: the log ends at ${logEndOffset}, below ${committed}`)
  }

  /** Who lives and is in the set has what is committed. */
  #isHeldByInSyncReplicas(server: Server, partition: Partition, highWatermark: number): void {
    const { checks, riskyTopic, minInSync } = this.#options
    checks.count('committed records are held by all in-sync replicas')
    for (const other of this.#cluster.brokers) {
      if (!partition.inSyncReplicas.includes(other.id)) continue
      const replica = other.server?.replicas.findById(partition.topicId, partition.index)
      // Who is down, or just comes back, had it; its next incarnation has to catch up before it counts again. That may know that it does not count, while a
      // leader that was frozen has still to learn of it.
      if (replica === undefined || typeof replica === 'string' || replica.log === undefined) continue
      if (!replica.inSyncReplicas.includes(other.id)) continue
      if (replica.leaderEpoch === partition.leaderEpoch && replica.log.logEndOffset < highWatermark)
        throw new BrokenPromise(
          'committed records are held by all in-sync replicas',
          `${partition.name}: broker ${server.nodeId} commits up to ${highWatermark}, and broker ${other.id} has ${replica.log.logEndOffset}`,
        )
    }
    if (partition.topic === riskyTopic) return
    checks.count('nothing is committed below min.insync.replicas')
    if (partition.inSyncReplicas.length < minInSync)
      throw new BrokenPromise(
        'nothing is committed below min.insync.replicas',
        `${partition.name} on broker ${server.nodeId} at ${highWatermark}`,
      )
  }
}
