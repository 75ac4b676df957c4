import { spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../base/logger.ts'
import { nodeEnv } from '../env/node/env.ts'
import { baseOffset, batchSize, batchesIn, isIntact, lastOffset } from '../protocol/records/batch.ts'
import { decodeRecords } from '../protocol/records/record.ts'
import { aBatch, aLogConfig } from './builders.ts'
import { LogDirectory } from './logDirectory.ts'
import type { PartitionLog } from './partitionLog.ts'

const config = aLogConfig({ segmentBytes: 200_000 })
let data: string

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'trilog-storage-'))
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

const open = () => LogDirectory.open(nodeEnv(), data, { clusterId: 'cluster', nodeId: 1, log: silentLogger })

/** Appends batches of growing values until it is killed, and says up to which offset they are written. */
const appender = `
  const [data, storage] = process.argv.slice(1)
  const { nodeEnv } = await import(storage + '/../env/node/env.ts')
  const { LogDirectory } = await import(storage + '/logDirectory.ts')
  const { aBatch, aLogConfig } = await import(storage + '/builders.ts')
  const { silentLogger } = await import(storage + '/../base/logger.ts')
  const directory = await LogDirectory.open(nodeEnv(), data, { clusterId: 'cluster', nodeId: 1, log: silentLogger })
  const log = await directory.openLog('topic', 0, undefined, aLogConfig({ segmentBytes: 200000 }))
  for (let round = 0; ; round++) {
    const written = []
    for (let batch = 0; batch < 20; batch++) written.push(log.append(aBatch({ records: 3, valueBytes: 100 + round }), { leaderEpoch: 1, origin: 'client' }).written)
    await Promise.all(written)
    await new Promise(setImmediate)
    if (round % 10 === 9) await directory.checkpoint()
    process.stdout.write(log.logEndOffset + '\\n')
  }
`

const compacted = aLogConfig({
  cleanupPolicy: ['compact', 'delete'],
  segmentBytes: 20_000,
  retentionMs: -1,
  fileDeleteDelayMs: 1,
})

/** As above, with fifty keys in turn, and offsets for values: compacts and deletes all the time. */
const compactor = `
  const [data, storage] = process.argv.slice(1)
  const { nodeEnv } = await import(storage + '/../env/node/env.ts')
  const { LogDirectory } = await import(storage + '/logDirectory.ts')
  const { aBatch, aLogConfig } = await import(storage + '/builders.ts')
  const { Throttle } = await import(storage + '/compaction/throttle.ts')
  const { silentLogger } = await import(storage + '/../base/logger.ts')
  const env = nodeEnv()
  const directory = await LogDirectory.open(env, data, { clusterId: 'cluster', nodeId: 1, log: silentLogger })
  const log = await directory.openLog('topic', 0, undefined, aLogConfig(${JSON.stringify(compacted)}))
  const { signal } = new AbortController()
  let [passes, deleted] = [0, 0]
  const compact = async () => {
    for (;;) {
      const result = await log.compact({ offsetMapBytes: 100_000, throttle: new Throttle(env.clock), signal })
      if (result !== undefined && result.recordsKept < result.recordsRead) passes += 1
      log.raiseLogStartOffset(log.highWatermark - 200)
      deleted += await log.deleteOldSegments()
    }
  }
  compact().catch(problem => { console.error(problem); process.exit(1) })
  for (let offset = log.logEndOffset; ; ) {
    const written = []
    for (let batch = 0; batch < 30; batch++, offset++) {
      const result = log.append(aBatch({ key: String(offset % 50), records: [String(offset).padEnd(300)] }), { leaderEpoch: 1, origin: 'client' })
      written.push(result.written)
    }
    await Promise.all(written)
    // As in a broker, to which each request comes in a turn of its own: what goes on beside it has turns, too.
    await new Promise(setImmediate)
    log.advanceHighWatermark(log.logEndOffset)
    if (offset % 300 === 0) await directory.checkpoint()
    // It is not killed before it has done all of it.
    if (passes > 0 && deleted > 0) process.stdout.write(log.logEndOffset + '\\n')
  }
`

/** Lets the process acknowledge `lines` times, kills it in the middle of whatever it does, and answers what it had acknowledged. */
async function acknowledgedUntilKilled(lines: number, program = appender): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, data, import.meta.dirname], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise(resolve => child.once('exit', resolve))
  let acknowledged = 0
  let heard = 0
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line)
    if (++heard === lines) child.kill('SIGKILL')
  }
  await ended
  return acknowledged
}

async function readAll(log: PartitionLog): Promise<number> {
  let from = log.logStartOffset
  while (from < log.logEndOffset) {
    const read = await log.read(from, { maxBytes: 100_000, upTo: log.logEndOffset, atLeastOneBatch: true })
    if (read.error !== 'NONE') throw new Error(read.error)
    for (const at of batchesIn(read.records)) {
      expect(baseOffset(read.records, at)).toBe(from)
      expect(isIntact(read.records, at)).toBe(true)
      expect(batchSize(read.records, at)).toBeGreaterThan(0)
      from = lastOffset(read.records, at) + 1
    }
  }
  return from
}

const activeSegment = () => {
  const names = readdirSync(join(data, 'topic-0')).filter(name => name.endsWith('.log'))
  return join(data, 'topic-0', names.sort().at(-1)!)
}

describe('a log on a real disk', () => {
  it('has all that was acknowledged after its process was killed, again and again', async () => {
    let before = 0
    for (const lines of [5, 40, 80]) {
      const acknowledged = await acknowledgedUntilKilled(lines)
      expect(acknowledged).toBeGreaterThan(before)
      const directory = await open()
      expect(directory.wasCleanShutdown).toBe(false)
      const log = await directory.openLog('topic', 0, undefined, config)
      expect(log.logEndOffset).toBeGreaterThanOrEqual(acknowledged)
      expect(await readAll(log)).toBe(log.logEndOffset)
      before = log.logEndOffset
      await directory.close(1)
      rmSync(join(data, '.kafka_cleanshutdown')) // the next one has to recover too
    }
  })

  it('has the last value of every key after its process was killed, however often, while it compacted and deleted', async () => {
    const keys = 50
    for (const lines of [20, 60, 100]) {
      const acknowledged = await acknowledgedUntilKilled(lines, compactor)
      const directory = await open()
      const log = await directory.openLog('topic', 0, undefined, compacted)
      expect(log.logEndOffset).toBeGreaterThanOrEqual(acknowledged)
      const lastOffsets = new Map<number, number>()
      for (let from = log.logStartOffset; from < log.logEndOffset;) {
        const read = await log.read(from, { maxBytes: 100_000, upTo: log.logEndOffset, atLeastOneBatch: true })
        if (read.error !== 'NONE') throw new Error(read.error)
        for (const at of batchesIn(read.records)) {
          expect(isIntact(read.records, at)).toBe(true)
          for (const { offset, key, value } of decodeRecords(read.records, at, 1_000_000)) {
            expect(value!.toString().trim()).toBe(`${offset}`)
            lastOffsets.set(Number(key!.toString()), offset)
          }
          from = lastOffset(read.records, at) + 1
        }
      }
      const expected = Array.from({ length: keys }, (_, index) => log.logEndOffset - keys + index)
      expect([...lastOffsets.values()].toSorted((one, other) => one - other)).toEqual(expected)
      for (const [key, offset] of lastOffsets) expect(offset % keys).toBe(key)
      await directory.close(1)
      rmSync(join(data, '.kafka_cleanshutdown'))
    }
  })

  it.each([
    { tail: 'half a header', bytes: aBatch().subarray(0, 20), cutBy: 0 },
    { tail: 'half a batch', bytes: aBatch({ valueBytes: 500 }).subarray(0, 300), cutBy: 0 },
    { tail: 'zeros', bytes: Buffer.alloc(5000), cutBy: 0 },
    { tail: 'noise', bytes: Buffer.from('d1ce'.repeat(500), 'hex'), cutBy: 0 },
    { tail: 'its last batch cut short', bytes: Buffer.alloc(0), cutBy: 7 },
    { tail: 'its last batch cut short and zeros behind', bytes: Buffer.alloc(4096), cutBy: 30 },
  ])('is cut back to its last whole batch when it ends with $tail', async ({ bytes, cutBy }) => {
    await acknowledgedUntilKilled(3)
    const first = await open()
    const whole = (await first.openLog('topic', 0, undefined, config)).logEndOffset
    const path = activeSegment()
    const { size } = statSync(path)
    const last = [...batchesIn(readFileSync(path))].at(-1)!
    await first.close(1)
    rmSync(join(data, '.kafka_cleanshutdown'))
    rmSync(join(data, 'recovery-point-offset-checkpoint')) // as if nothing had been synced

    truncateSync(path, size - cutBy)
    appendFileSync(path, bytes)
    const directory = await open()
    const log = await directory.openLog('topic', 0, undefined, config)
    expect(log.logEndOffset).toBe(cutBy === 0 ? whole : whole - 3)
    expect(statSync(path).size).toBe(cutBy === 0 ? size : last)
    const result = log.append(aBatch(), { leaderEpoch: 2, origin: 'client' })
    if (result.error !== 'NONE') throw new Error(result.error)
    await result.written
    expect(await readAll(log)).toBe(log.logEndOffset)
    await directory.close(1)
  })
})
