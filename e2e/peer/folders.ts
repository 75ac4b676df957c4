import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { silentLogger } from '../../src-main/base/logger.ts'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import { errorName } from '../../src-main/protocol/errors.ts'
import { CreateTopics } from '../../src-main/protocol/messages/createTopics.ts'
import { FindCoordinator } from '../../src-main/protocol/messages/findCoordinator.ts'
import { OffsetCommit } from '../../src-main/protocol/messages/offsetCommit.ts'
import { Produce } from '../../src-main/protocol/messages/produce.ts'
import { compressionNames } from '../../src-main/protocol/records/batch.ts'
import { buildBatch, type NewBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { aBatch, aLogConfig, aMarker } from '../../src-main/storage/builders.ts'
import { LogDirectory } from '../../src-main/storage/logDirectory.ts'
import { Throttle } from '../../src-main/storage/compaction/throttle.ts'
import { KafkaConnection } from '../../src-main/wire/client.ts'
import { cli, eventually, startCluster, untilInSync, type RunningCluster } from '../cluster/builtCluster.ts'

export const aFolder = (name: string) => mkdtempSync(join(tmpdir(), `trilog-peer-${name}-`))

/** All files below, by the end of their names. */
export function filesIn(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith(ending))
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
}

export type Told = Readonly<Record<string, unknown>> & { readonly type: string; readonly file: string }

/** What `trilog dump --json --verify` says; fails when it finds anything wrong. */
export async function dumpedByTrilog(paths: readonly string[]): Promise<Told[]> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [cli, 'dump', '--json', '--verify', ...paths], {
    maxBuffer: 1024 * 1024 * 1024,
  })
  if (stderr !== '') throw new Error(stderr)
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Told)
}

/** Records that no codec makes much smaller, so that segments roll. */
function someRecords(count: number, from: number): NewBatch['records'] {
  const now = Date.now()
  return Array.from({ length: count }, (_, index) => ({
    timestamp: now + index,
    key: Buffer.from(`key ${(from + index) % 7}`),
    value: index % 50 === 0 ? null : Buffer.from(noise(from + index, 300)),
    headers: index % 10 === 0 ? [{ key: 'number', value: Buffer.from(`${index}`) }] : [],
  }))
}

/** The same letters for the same seed. */
function noise(seed: number, length: number): string {
  let state = seed + 1
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return String.fromCharCode(33 + (state % 90))
  }).join('')
}

/**
 * The folder of a cluster that has been used: every codec, idempotent producers, LogAppendTime, segments that rolled, committed offsets, a broker that was
 * killed and came back, an orderly end.
 */
export async function usedCluster(directory: string): Promise<void> {
  await using cluster = await startCluster({ directory })
  const connection = await connectTo(cluster, 1)
  await connection.send(CreateTopics, {
    timeoutMs: 30_000,
    topics: ['orders', 'stamped'].map(name => ({
      name,
      numPartitions: 1,
      replicationFactor: 3,
      assignments: [],
      configs: [
        { name: 'segment.bytes', value: `${1024 * 1024}` },
        { name: 'message.timestamp.type', value: name === 'stamped' ? 'LogAppendTime' : 'CreateTime' },
      ],
    })),
  })
  connection.close()
  await untilInSync(cluster)
  await produceAll(cluster, 'orders', 0)
  await produceAll(cluster, 'stamped', 0)
  await commitOffsets(cluster)
  await cluster.kill(2)
  await produceAll(cluster, 'orders', 1)
  await cluster.start(2)
  await untilInSync(cluster)
  await produceAll(cluster, 'orders', 2)
}

/** The folder of a cluster of one broker, with a topic of several segments, after an orderly end or a sudden one. */
export async function usedBroker(directory: string, end: 'stopped' | 'killed'): Promise<void> {
  await using cluster = await startCluster({ directory, brokers: 1 })
  const connection = await connectTo(cluster, 1)
  const configs = [{ name: 'segment.bytes', value: `${1024 * 1024}` }]
  await connection.send(CreateTopics, {
    timeoutMs: 30_000,
    topics: [{ name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs }],
  })
  await untilInSync(cluster)
  for (const round of [0, 1, 2]) await produceTo(connection, 'orders', round)
  connection.close()
  if (end === 'killed') await cluster.kill(1)
}

async function produceAll(cluster: RunningCluster, topic: string, round: number): Promise<void> {
  const leader = await connectTo(cluster, await leaderOf(cluster, topic))
  try {
    await produceTo(leader, topic, round)
  } finally {
    leader.close()
  }
}

/** Batches with every codec, half of them of idempotent producers, to partition 0. */
export async function produceTo(leader: KafkaConnection, topic: string, round: number): Promise<void> {
  for (const [number, codec] of compressionNames.entries()) {
    for (let batch = 0; batch < 6; batch++) {
      const producer = batch % 2 === 0 ? {} : { producerId: 900 + number, producerEpoch: round, baseSequence: ((batch - 1) / 2) * 100 }
      const records = buildBatch({ records: someRecords(100, batch * 100), codec, ...producer })
      const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }]
      await eventually('the leader takes a batch', async () => {
        const answer = await leader.send(Produce, { acks: -1, timeoutMs: 30_000, topicData })
        const error = errorName(answer.responses[0]?.partitionResponses[0]?.errorCode ?? -1)
        // It may not have heard yet that there is such a topic, or that it leads it.
        if (error !== 'NONE' && error !== 'UNKNOWN_TOPIC_OR_PARTITION' && error !== 'NOT_LEADER_OR_FOLLOWER') throw new Error(error)
        return error === 'NONE'
      })
    }
  }
}

async function commitOffsets(cluster: RunningCluster): Promise<void> {
  await eventually('the offsets are committed', async () => {
    for (const brokerId of cluster.brokerIds) {
      const connection = await connectTo(cluster, brokerId)
      try {
        // Who asks for a coordinator makes sure that there is a topic for its offsets.
        await connection.send(FindCoordinator, { coordinatorKeys: ['readers'], keyType: 0 })
        const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: 'here' }]
        const answer = await connection.send(OffsetCommit, { groupId: 'readers', memberId: '', topics: [{ name: 'orders', partitions }] })
        if (answer.topics[0]?.partitions[0]?.errorCode === 0) return true
      } finally {
        connection.close()
      }
    }
    return false
  })
}

function leaderOf(cluster: RunningCluster, topic: string): Promise<number> {
  return eventually(`${topic} has a leader`, () => cluster.snapshot().partitions.find(each => each.topic === topic)?.leader ?? undefined)
}

function connectTo(cluster: RunningCluster, brokerId: number): Promise<KafkaConnection> {
  return KafkaConnection.open(
    nodeEnv(),
    { host: '127.0.0.1', port: cluster.portOf(brokerId) },
    { clientId: 'peer', connectTimeoutMs: 2_000, requestTimeoutMs: 30_000, negotiate: true },
  )
}

/**
 * A log with transactions, written by the storage alone: `closed` in an orderly way, left as it lies on the disk of a broker that runs, or compacted twice,
 * which leaves gaps, emptied batches and delete horizons.
 */
export async function transactionLog(data: string, state: 'closed' | 'open' | 'compacted'): Promise<void> {
  const env = nodeEnv()
  const directory = await LogDirectory.open(env, data, { clusterId: 'cluster', nodeId: 1, log: silentLogger })
  const isCompacted = state === 'compacted'
  const config = aLogConfig({ segmentBytes: 20_000, indexIntervalBytes: 500, cleanupPolicy: isCompacted ? ['compact'] : ['delete'] })
  const log = await directory.openLog('payments', 0, undefined, config)
  const written: Promise<unknown>[] = []
  const append = (batch: Buffer, origin: 'client' | 'coordinator') => {
    const result = log.append(batch, { leaderEpoch: Math.floor(written.length / 50), origin })
    if (result.error !== 'NONE') throw new Error(`append was answered with ${result.error}`)
    written.push(result.written)
  }
  let timestamp = Date.now() - 1_000_000
  for (let round = 0; round < 60; round++) {
    // Three producers, of which the transactions overlap: one ends each round, one stays open in the end.
    for (const producerId of [70, 71, 72]) {
      if (producerId === 72 && round % 7 !== 0 && round !== 59) continue
      const baseSequence = 4 * (producerId === 72 ? Math.ceil(round / 7) : round)
      append(
        aBatch({
          records: 4,
          valueBytes: 100,
          timestamp: (timestamp += 50),
          key: `key ${round % 11}`,
          producerId,
          producerEpoch: 0,
          baseSequence,
          isTransactional: true,
        }),
        'client',
      )
    }
    append(aBatch({ records: 2, timestamp: (timestamp += 50), codec: compressionNames[round % 5] ?? 'none' }), 'client')
    if (round < 59)
      for (const producerId of [70, 71]) append(aMarker({ type: round % 3 === 0 ? 'abort' : 'commit', producerId }), 'coordinator')
    if (round % 7 === 6) append(aMarker({ type: 'abort', producerId: 72 }), 'coordinator')
  }
  await Promise.all(written)
  log.advanceHighWatermark(log.logEndOffset)
  await log.flush()
  await directory.checkpoint()
  const limits = { offsetMapBytes: 1024 * 1024, throttle: new Throttle(env.clock), signal: new AbortController().signal }
  for (let pass = 0; isCompacted && pass < 2; pass++) await log.compact(limits)
  if (state === 'closed') await directory.close(5)
}
