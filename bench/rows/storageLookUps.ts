import fs from 'node:fs'
import { silentLogger } from '../../src-main/base/logger.ts'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import { logFileName } from '../../src-main/protocol/files/fileNames.ts'
import { encodeOffsetIndexEntry, encodeTimeIndexEntry } from '../../src-main/protocol/files/indexEntries.ts'
import { encodeProducerSnapshot } from '../../src-main/protocol/files/producerSnapshot.ts'
import { BATCH_HEADER_BYTES, setBaseOffset } from '../../src-main/protocol/records/batch.ts'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { PartitionLog, defaultLogConfig } from '../../src-main/storage/partitionLog.ts'
import { DiskCounts, countedDisk } from '../../src-main/simulation/countedDisk.ts'
import type { Row } from '../figures.ts'

const SEGMENTS = 10
const SEGMENT_BYTES = 1_000_000_000
/** One batch for each entry of the indexes, a little more than `index.interval.bytes` apart. */
const BATCH_BYTES = 4_100
const RECORDS_PER_BATCH = 4
const BATCHES_PER_SEGMENT = Math.floor(SEGMENT_BYTES / BATCH_BYTES)
const OFFSETS_PER_SEGMENT = BATCHES_PER_SEGMENT * RECORDS_PER_BATCH
/** Between one batch and the next. */
const STEP_MS = 10
const FIRST_MS = 1_700_000_000_000

/**
 * A log of 10 GB with whole indexes, of which only those batches are really there that are looked for: the rest are holes. Each look-up goes to
 * another place, so that pages of the index that one has read seldom help the next.
 */
export async function lookUps(folder: string, quick: boolean): Promise<Row[]> {
  const wanted = Array.from({ length: quick ? 200 : 1_000 }, (_, index) => spread(index))
  writeLog(folder, wanted)
  const counts = new DiskCounts()
  const env = nodeEnv()
  const log = await openLog({ ...env, disk: countedDisk(env.disk, counts) }, folder)
  const rows: Row[] = []
  const measure = async (name: string, bar: string | undefined, look: (batch: number) => Promise<void>) => {
    const took: number[] = []
    const indexBytes: number[] = []
    const logBytes: number[] = []
    const reads: number[] = []
    for (const batch of wanted) {
      counts.reset()
      const startedAt = performance.now()
      await look(batch)
      took.push(performance.now() - startedAt)
      indexBytes.push((counts.readBytes['index'] ?? 0) + (counts.readBytes['timeindex'] ?? 0))
      logBytes.push(counts.readBytes['log'] ?? 0)
      reads.push(Object.values(counts.reads).reduce((sum, count) => sum + count, 0))
    }
    rows.push(
      { name, unit: 'ms', values: took, ...(bar === undefined ? {} : { bar }) },
      { name: '  read of index files', unit: 'bytes', values: indexBytes },
      { name: '  read of log files', unit: 'bytes', values: logBytes },
      { name: '  reads', unit: '', values: reads },
    )
  }
  await measure('look-up by timestamp in 10 GB', '≤ 1', async batch => {
    const offset = batch * RECORDS_PER_BATCH + 2
    const found = await log.offsetForTimestamp(timestampOf(offset))
    if (found?.offset !== offset) throw new Error(`offset ${found?.offset} was found instead of ${offset}`)
  })
  await measure('read of 1 KB at any offset in 10 GB', undefined, async batch => {
    const found = await log.read(batch * RECORDS_PER_BATCH + 1, { maxBytes: 1_000, upTo: log.logEndOffset, atLeastOneBatch: true })
    if (found.error !== 'NONE' || found.records.length !== BATCH_BYTES) throw new Error(`batch ${batch} was not found`)
  })
  const startedAt = performance.now()
  await log.maxTimestamp()
  rows.push({ name: 'look-up of the largest timestamp in 10 GB', unit: 'ms', values: [performance.now() - startedAt] })
  await log.close()
  return rows
}

/** Somewhere in the log, evenly but in no order. */
function spread(index: number): number {
  const golden = 0.618_033_988_75
  return Math.floor(((index * golden) % 1) * BATCHES_PER_SEGMENT * SEGMENTS)
}

function timestampOf(offset: number): number {
  return FIRST_MS + Math.floor(offset / RECORDS_PER_BATCH) * STEP_MS + (offset % RECORDS_PER_BATCH)
}

function batchAt(batch: number): Buffer {
  const first = batch * RECORDS_PER_BATCH
  const recordOf = (index: number, valueBytes: number) => ({
    key: null,
    value: Buffer.alloc(valueBytes, 'x'),
    timestamp: timestampOf(first + index),
  })
  const records = (lastBytes: number) =>
    Array.from({ length: RECORDS_PER_BATCH }, (_, at) => recordOf(at, at < RECORDS_PER_BATCH - 1 ? 990 : lastBytes))
  const rest = BATCH_BYTES - buildBatch({ records: records(900) }).length
  const bytes = buildBatch({ records: records(900 + rest), leaderEpoch: 0 })
  if (bytes.length !== BATCH_BYTES) throw new Error(`a batch came out at ${bytes.length} bytes`)
  setBaseOffset(bytes, 0, first)
  return bytes
}

function writeLog(folder: string, wanted: readonly number[]): void {
  const present = new Set(wanted)
  for (let segment = 0; segment < SEGMENTS; segment++) {
    const first = segment * BATCHES_PER_SEGMENT
    const base = segment * OFFSETS_PER_SEGMENT
    const index: Buffer[] = []
    const times: Buffer[] = []
    const fd = fs.openSync(`${folder}/${logFileName(base, 'log')}`, 'w')
    for (let at = 0; at < BATCHES_PER_SEGMENT; at++) {
      const last = base + (at + 1) * RECORDS_PER_BATCH - 1
      // As an append leaves them: an entry of the first index for a batch that is not the first, the largest timestamp up to it in the second.
      if (at > 0) {
        index.push(encodeOffsetIndexEntry({ offset: last, position: at * BATCH_BYTES }, base))
        times.push(encodeTimeIndexEntry({ offset: last, timestamp: timestampOf(last) }, base))
      }
      if (present.has(first + at) || at === 0 || at === BATCHES_PER_SEGMENT - 1) {
        fs.writeSync(fd, batchAt(first + at), 0, BATCH_BYTES, at * BATCH_BYTES)
      } else if (present.has(first + at + 1) || present.has(first + at - 1)) {
        fs.writeSync(fd, batchAt(first + at), 0, BATCH_HEADER_BYTES, at * BATCH_BYTES)
      }
    }
    fs.closeSync(fd)
    fs.writeFileSync(`${folder}/${logFileName(base, 'index')}`, Buffer.concat(index))
    fs.writeFileSync(`${folder}/${logFileName(base, 'timeindex')}`, Buffer.concat(times))
  }
  fs.writeFileSync(`${folder}/${logFileName(SEGMENTS * OFFSETS_PER_SEGMENT, 'snapshot')}`, encodeProducerSnapshot([]))
}

function openLog(env: Parameters<typeof PartitionLog.open>[0], directory: string): Promise<PartitionLog> {
  return PartitionLog.open(env, {
    directory,
    topic: 'large',
    partition: 0,
    topicId: undefined,
    config: defaultLogConfig,
    cleanShutdown: true,
    recoveryPoint: SEGMENTS * OFFSETS_PER_SEGMENT,
    logStartOffset: 0,
    highWatermark: SEGMENTS * OFFSETS_PER_SEGMENT,
    log: silentLogger,
  })
}
