import { cp, rm, writeFile } from 'node:fs/promises'
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
/** Logs that something is done to at once. */
const AT_A_TIME = 16

/** A broker's folder with so many partitions: what it costs to open them all, and to make some. */
export async function manyLogs(folder: string, quick: boolean): Promise<Row[]> {
  const partitions = quick ? 1_000 : 10_000
  const rounds = quick ? 1 : 3
  await prepare(folder, partitions)
  const many = partitions.toLocaleString('en-US')
  return [
    ...(await opening(folder, { partitions, rounds, wasClean: true, name: `open of ${many} partitions after a clean stop` })),
    ...(await opening(folder, { partitions, rounds, wasClean: false, name: `open of ${many} partitions after a crash` })),
    await creation(quick ? 100 : 1_000),
  ]
}

async function opening(
  folder: string,
  { partitions, rounds, wasClean, name }: { partitions: number; rounds: number; wasClean: boolean; name: string },
): Promise<Row[]> {
  const opened = new Cost(partitions)
  const ready = new Cost(partitions)
  const appended = new Cost(partitions)
  for (let round = 0; round < rounds; round++) {
    if (wasClean) await writeFile(`${folder}/${CLEAN_SHUTDOWN_FILE}`, encodeCleanShutdown({ brokerEpoch: 1 }))
    else await rm(`${folder}/${CLEAN_SHUTDOWN_FILE}`, { force: true })
    const counts = new DiskCounts()
    let logs: readonly PartitionLog[] = []
    const directory = await opened.of(counts, async () => {
      const directory = await openDirectory(folder, counts)
      const open = (partition: number) => directory.openLog(TOPIC, partition, TOPIC_ID, defaultLogConfig, { lazily: true })
      logs = await Promise.all(Array.from({ length: partitions }, (_, partition) => open(partition)))
      return directory
    })
    if (wasClean) {
      await ready.of(counts, () => aFewAtATime(logs, log => log.ready()))
    }
    for (const log of logs) if (log.logEndOffset < BATCHES) throw new Error(`a log ends at ${log.logEndOffset}`)
    if (wasClean) await appended.of(counts, () => aFewAtATime(logs, appendOne))
    logs = []
    await directory.close(1)
  }
  if (!wasClean) return opened.rows(name)
  return [...opened.rows(name), ...ready.rows('and to get them ready for a leader'), ...appended.rows('and to append a batch to each')]
}

async function aFewAtATime(logs: readonly PartitionLog[], act: (log: PartitionLog) => Promise<void>): Promise<void> {
  for (let from = 0; from < logs.length; from += AT_A_TIME) await Promise.all(logs.slice(from, from + AT_A_TIME).map(act))
}

async function appendOne(log: PartitionLog): Promise<void> {
  const batch = buildBatch({ records: [{ key: null, value: Buffer.alloc(500, 'x'), timestamp: Date.now() }] })
  const result = log.append(batch, { leaderEpoch: 0, origin: 'client' })
  if (result.error !== 'NONE') throw new Error(`an append was answered with ${result.error}`)
  await result.written
}

/** Of something done to every log. */
class Cost {
  readonly #logs: number
  readonly #ms: number[] = []
  readonly #operations: number[] = []
  readonly #held: number[] = []
  readonly #resident: number[] = []
  readonly #files: number[] = []

  constructor(logs: number) {
    this.#logs = logs
  }

  async of<T>(counts: DiskCounts, act: () => Promise<T>): Promise<T> {
    const before = { held: heldBytes(), resident: process.memoryUsage.rss() }
    counts.reset()
    const startedAt = performance.now()
    const done = await act()
    this.#ms.push(performance.now() - startedAt)
    this.#operations.push(counts.total / this.#logs)
    this.#held.push((heldBytes() - before.held) / this.#logs)
    this.#resident.push((process.memoryUsage.rss() - before.resident) / this.#logs)
    const files = await openDescriptors()
    if (files !== undefined) this.#files.push(files)
    return done
  }

  rows(name: string): Row[] {
    return [
      { name, unit: 'ms', values: this.#ms },
      { name: '  operations of the disk, per log', unit: '', values: this.#operations },
      { name: '  memory held, per log', unit: 'bytes', values: this.#held },
      { name: '  growth of resident memory, per log', unit: 'bytes', values: this.#resident },
      ...(this.#files.length > 0 ? [{ name: '  files open in the process', unit: '', values: this.#files, bar: '≤ 2,100' }] : []),
    ]
  }
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
  for (let at = 0; at < BATCHES; at++) await appendOne(log)
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
}
