import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { silentLogger } from '../../src-main/base/logger.ts'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import { encodeLeaderEpochCheckpoint, encodeOffsetCheckpoint } from '../../src-main/protocol/files/checkpoints.ts'
import { CLEAN_SHUTDOWN_FILE, encodeCleanShutdown } from '../../src-main/protocol/files/cleanShutdown.ts'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { DiskCounts, countedDisk } from '../../src-main/simulation/countedDisk.ts'
import { LogDirectory } from '../../src-main/storage/logDirectory.ts'
import { type PartitionLog, defaultLogConfig } from '../../src-main/storage/partitionLog.ts'
import { heldBytes, inTemporaryFolder, openDescriptors } from '../folders.ts'
import type { Row } from '../figures.ts'

const TOPIC = 'many'
const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'
const BATCHES = 5

/** A broker's folder with so many partitions: what it costs to open them all, and to make some. */
export async function manyLogs(folder: string, quick: boolean): Promise<Row[]> {
  const partitions = quick ? 1_000 : 10_000
  const rows: Row[] = []
  await prepare(folder, partitions)
  for (const how of ['after a clean stop', 'after a crash'] as const) {
    const rounds = quick ? 1 : 3
    const figures = { ms: [] as number[], operations: [] as number[], held: [] as number[], resident: [] as number[], open: [] as number[] }
    for (let round = 0; round < rounds; round++) {
      if (how === 'after a clean stop') await writeFile(`${folder}/${CLEAN_SHUTDOWN_FILE}`, encodeCleanShutdown({ brokerEpoch: 1 }))
      const counts = new DiskCounts()
      const before = { held: heldBytes(), resident: process.memoryUsage.rss(), open: await openDescriptors() }
      const startedAt = performance.now()
      const directory = await openDirectory(folder, counts)
      const logs = await Promise.all(
        Array.from({ length: partitions }, (_, partition) => directory.openLog(TOPIC, partition, TOPIC_ID, defaultLogConfig)),
      )
      figures.ms.push(performance.now() - startedAt)
      for (const log of logs) if (log.logEndOffset !== BATCHES) throw new Error(`a log ends at ${log.logEndOffset}`)
      figures.operations.push(counts.total / partitions)
      figures.held.push((heldBytes() - before.held) / partitions)
      figures.resident.push((process.memoryUsage.rss() - before.resident) / partitions)
      const open = await openDescriptors()
      if (open !== undefined) figures.open.push(open - (before.open ?? 0))
      await letGo(directory, logs)
    }
    const name = `open of ${partitions.toLocaleString('en-US')} partitions ${how}`
    rows.push(
      { name, unit: 'ms', values: figures.ms },
      { name: '  operations of the disk, per log', unit: '', values: figures.operations },
      { name: '  memory held, per log', unit: 'bytes', values: figures.held },
      { name: '  growth of resident memory, per log', unit: 'bytes', values: figures.resident },
      ...(figures.open.length > 0 ? [{ name: '  files open', unit: '', values: figures.open, bar: '≤ 2,000' }] : []),
    )
  }
  rows.push(await creation(quick ? 100 : 1_000))
  return rows
}

/** As a process that dies: nothing is written any more, but the descriptors come back. */
async function letGo(directory: LogDirectory, logs: readonly PartitionLog[]): Promise<void> {
  await Promise.all(logs.map(log => log.close()))
  await directory.close(1)
}

async function creation(count: number): Promise<Row> {
  return inTemporaryFolder(async folder => {
    const directory = await openDirectory(folder, new DiskCounts())
    const startedAt = performance.now()
    await Promise.all(Array.from({ length: count }, (_, partition) => directory.openLog(TOPIC, partition, TOPIC_ID, defaultLogConfig)))
    const took = performance.now() - startedAt
    await directory.close(1)
    return { name: `creation of ${count.toLocaleString('en-US')} partitions`, unit: 'ms', values: [took] }
  })
}

function openDirectory(folder: string, counts: DiskCounts): Promise<LogDirectory> {
  const env = nodeEnv()
  return LogDirectory.open({ ...env, disk: countedDisk(env.disk, counts) }, folder, { clusterId: 'bench', nodeId: 1, log: silentLogger })
}

/** One partition that was really written and closed, then copies of it. */
async function prepare(folder: string, partitions: number): Promise<void> {
  const directory = await openDirectory(folder, new DiskCounts())
  const log = await directory.openLog(TOPIC, 0, TOPIC_ID, defaultLogConfig)
  await log.startEpoch(0)
  for (let at = 0; at < BATCHES; at++) {
    const batch = buildBatch({ records: [{ key: null, value: Buffer.alloc(500, 'x'), timestamp: Date.now() }] })
    const result = log.append(batch, { leaderEpoch: 0, origin: 'client' })
    if (result.error !== 'NONE') throw new Error(`an append was answered with ${result.error}`)
  }
  await log.flush()
  log.advanceHighWatermark(BATCHES)
  await directory.close(1)
  await writeFile(`${folder}/${TOPIC}-0/leader-epoch-checkpoint`, encodeLeaderEpochCheckpoint([{ epoch: 0, startOffset: 0 }]))
  for (let partition = 1; partition < partitions; partition++)
    await cp(`${folder}/${TOPIC}-0`, `${folder}/${TOPIC}-${partition}`, { recursive: true })
  const offsets = encodeOffsetCheckpoint(
    Array.from({ length: partitions }, (_, partition) => ({ topic: TOPIC, partition, offset: BATCHES })),
  )
  for (const file of ['recovery-point-offset-checkpoint', 'replication-offset-checkpoint']) await writeFile(`${folder}/${file}`, offsets)
  await rm(`${folder}/${CLEAN_SHUTDOWN_FILE}`, { force: true })
  await mkdir(folder, { recursive: true })
}
