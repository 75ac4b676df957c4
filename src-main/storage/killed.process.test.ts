import { spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../base/logger.ts'
import { nodeEnv } from '../env/node/env.ts'
import { baseOffset, batchSize, batchesIn, isIntact, lastOffset } from '../protocol/records/batch.ts'
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
    if (round % 10 === 9) await directory.checkpoint()
    process.stdout.write(log.logEndOffset + '\\n')
  }
`

/** Lets the appender acknowledge `lines` times, kills it in the middle of whatever it does, and answers what it had acknowledged. */
async function acknowledgedUntilKilled(lines: number): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', appender, data, import.meta.dirname], {
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
