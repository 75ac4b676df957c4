import { rm } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { silentLogger } from '../../src-main/base/logger.ts'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import {
  batchesIn,
  batchSize,
  type CompressionName,
  compressionName,
  compressionNames,
  nextOffset,
} from '../../src-main/protocol/records/batch.ts'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { decodeRecords } from '../../src-main/protocol/records/record.ts'
import { Throttle } from '../../src-main/storage/compaction/throttle.ts'
import { PartitionLog, defaultLogConfig } from '../../src-main/storage/partitionLog.ts'
import { collectGarbage, inTemporaryFolder } from '../folders.ts'
import type { Row } from '../figures.ts'

const KEYS = 10_000
const RECORDS = { whole: 1_000_000, quick: 200_000 }
const RECORDS_IN_BATCH = 100
const BEGUN_AT = 1_700_000_000_000
const RATE_BAR = '≥ 300,000 (none)'
/** Only to look at them; far above what a batch here unfolds to. */
const UNFOLDED_BYTES = 100_000_000

/** One pass of compaction over a log with a hundred records of each key, for each codec, and a second one that must find nothing to do. */
export async function compaction(quick: boolean): Promise<Row[]> {
  const rows: Row[] = []
  const delays: number[] = []
  for (const codec of compressionNames) {
    const [rate, read]: [number[], number[]] = [[], []]
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      const measured = await inTemporaryFolder(folder => compactOnce(folder, codec, quick ? RECORDS.quick : RECORDS.whole))
      rate.push(measured.recordsPerSecond)
      read.push(measured.megabytesPerSecond)
      delays.push(measured.longestTurnMs)
    }
    rows.push({ name: `compaction, ${codec}`, unit: 'records/s', values: rate, ...(codec === 'none' ? { bar: RATE_BAR } : {}) })
    rows.push({ name: '  read and written', unit: 'MB/s', values: read })
  }
  rows.push({ name: '  longest turn of the event loop meanwhile', unit: 'ms', values: delays })
  return rows
}

async function compactOnce(
  folder: string,
  codec: CompressionName,
  count: number,
): Promise<{ readonly recordsPerSecond: number; readonly megabytesPerSecond: number; readonly longestTurnMs: number }> {
  const directory = `${folder}/log-0`
  const log = await PartitionLog.open(nodeEnv(), {
    directory,
    topic: 'log',
    partition: 0,
    topicId: undefined,
    config: { ...defaultLogConfig, cleanupPolicy: ['compact'], segmentBytes: 64 * 1024 * 1024, segmentMs: 3_600_000 },
    cleanShutdown: false,
    recoveryPoint: 0,
    logStartOffset: 0,
    log: silentLogger,
  })
  const last = await fill(log, codec, count)
  collectGarbage()
  const limits = { offsetMapBytes: 128 * 1024 * 1024, throttle: new Throttle(nodeEnv().clock), signal: new AbortController().signal }
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const startedAt = performance.now()
  delay.enable()
  const alive = setInterval(() => undefined, 1000) // the throttle's timers do not keep a process alive
  const result = await log.compact(limits)
  clearInterval(alive)
  delay.disable()
  const seconds = (performance.now() - startedAt) / 1000
  if (result === undefined || result.endOffset !== count) throw new Error(`the pass ended at ${result?.endOffset}`)
  const once = await contentOf(log, codec, last)
  await secondPass(log, limits)
  if ((await contentOf(log, codec, last)) !== once) throw new Error('a second pass has changed something')
  await log.close()
  await rm(directory, { recursive: true, force: true })
  return {
    recordsPerSecond: result.recordsRead / seconds,
    megabytesPerSecond: (result.bytesRead + result.bytesWritten) / 1e6 / seconds,
    longestTurnMs: delay.max / 1e6,
  }
}

/** Answers the last offset of each key. One batch more, of another hour, makes all others part of complete segments. */
async function fill(log: PartitionLog, codec: CompressionName, count: number): Promise<ReadonlyMap<string, number>> {
  const last = new Map<string, number>()
  let random = 1
  for (let offset = 0; offset < count;) {
    const records = Array.from({ length: RECORDS_IN_BATCH }, () => {
      random = Math.imul(random ^ (random >>> 15), 0x2c1b3c6d) + offset
      const key = `customer ${(random >>> 0) % KEYS}`
      last.set(key, offset)
      const value = `{"id":${offset++},"state":"${(random >>> 8).toString(36)}","note":"as long as such things are, about a hundred bytes"}`
      return { timestamp: BEGUN_AT + offset, key: Buffer.from(key), value: Buffer.from(value) }
    })
    await append(log, buildBatch({ codec, records }))
  }
  await append(log, buildBatch({ records: [{ timestamp: BEGUN_AT + 7_200_000, key: Buffer.from('end'), value: Buffer.from('end') }] }))
  return last
}

async function append(log: PartitionLog, batch: Buffer): Promise<void> {
  const result = log.append(batch, { leaderEpoch: 0, origin: 'quorum' })
  if (result.error !== 'NONE') throw new Error(`an append was answered with ${result.error}`)
  await result.written
  log.advanceHighWatermark(log.logEndOffset)
}

/** Something new makes the log dirty again, so that the second pass has to go through everything. */
async function secondPass(log: PartitionLog, limits: Parameters<PartitionLog['compact']>[0]): Promise<void> {
  await append(log, buildBatch({ records: [{ timestamp: BEGUN_AT + 14_400_000, key: Buffer.from('end'), value: Buffer.from('end') }] }))
  const alive = setInterval(() => undefined, 1000)
  const result = await log.compact(limits)
  clearInterval(alive)
  if (result === undefined) throw new Error('the second pass had nothing to do')
}

/** All that is left below the end marker, as one line; throws when it is not the last record of each key, in order, compressed as it was. */
async function contentOf(log: PartitionLog, codec: CompressionName, last: ReadonlyMap<string, number>): Promise<string> {
  const left: string[] = []
  let before = -1
  for (let from = 0; from < log.logEndOffset;) {
    const read = await log.read(from, { maxBytes: 1_000_000, upTo: log.logEndOffset, atLeastOneBatch: true })
    if (read.error !== 'NONE' || read.records.length === 0) throw new Error(`a read at ${from} was answered with ${read.error}`)
    for (const at of batchesIn(read.records)) {
      from = nextOffset(read.records, at)
      const batch = read.records.subarray(at, at + batchSize(read.records, at))
      for (const { offset, key, value } of decodeRecords(batch, 0, UNFOLDED_BYTES)) {
        if (String(key) === 'end') continue
        if (offset <= before || last.get(String(key)) !== offset || compressionName(batch) !== codec)
          throw new Error(`offset ${offset} should not be here`)
        before = offset
        left.push(`${offset} ${String(key)} ${String(value)}`)
      }
    }
  }
  if (left.length !== last.size) throw new Error(`${left.length} records are left of ${last.size} keys`)
  return left.join('\n')
}
