import { describe, expect, it } from 'vitest'
import { loggerTo } from '../../base/logger.ts'
import { DiskError } from '../../env/env.ts'
import { simulatedWorld } from '../../simulation/world.ts'
import type { CleanableRange } from './cleanableRange.ts'
import { CleaningAborted, type CleaningResult } from './cleanSegments.ts'
import { type CleanableLog, LogCleaner, type LogCleanerConfig } from './logCleaner.ts'

const config: LogCleanerConfig = { enable: true, backoffMs: 15_000, ioMaxBytesPerSecond: Infinity, dedupeBufferSize: 1024 }
const result: CleaningResult = { endOffset: 10, recordsRead: 1, recordsKept: 1, bytesRead: 1, bytesWritten: 1 }

/** A log that has something to clean until it was cleaned. */
class ALog implements CleanableLog {
  readonly topic: string
  readonly partition = 0
  range: Partial<CleanableRange> | undefined
  compacted = 0
  /** How a pass goes. */
  pass: (signal: AbortSignal) => Promise<CleaningResult> = () => Promise.resolve(result)

  constructor(topic: string, range: Partial<CleanableRange> | undefined) {
    this.topic = topic
    this.range = range
  }

  cleanable(): Promise<CleanableRange | undefined> {
    const none = { firstDirtyOffset: 0, firstUncleanableOffset: 10, cleanBytes: 0, cleanableBytes: 1, ratio: 0, overdueMs: 0, isDue: true }
    return Promise.resolve(this.range && { ...none, ...this.range })
  }

  async compact({ signal }: { readonly signal: AbortSignal }): Promise<CleaningResult> {
    this.compacted += 1
    const made = await this.pass(signal)
    this.range = undefined
    return made
  }
}

function given(logs: readonly ALog[], overrides: Partial<LogCleanerConfig> = {}) {
  const world = simulatedWorld(1)
  const { clock } = world.env('broker-1')
  const done: string[] = []
  const told: string[] = []
  const cleaner = new LogCleaner(
    { clock },
    {
      logs: () => logs,
      config: { ...config, ...overrides },
      log: loggerTo((level, message, fields) => void (level === 'debug' || told.push(`${level}: ${message} (${String(fields['topic'])})`))),
      checkpoint: log => Promise.resolve(void done.push(log.topic)),
    },
  )
  return { world, clock, cleaner, done, told }
}

describe('a log cleaner', () => {
  it('compacts all that is due: what is most overdue first, then the dirtiest', async () => {
    const logs = [
      new ALog('clean', { isDue: false, ratio: 0.99 }),
      new ALog('dirty', { ratio: 0.7 }),
      new ALog('late', { ratio: 0.1, overdueMs: 5 }),
      new ALog('filthy', { ratio: 0.9 }),
      new ALog('very late', { ratio: 0.1, overdueMs: 50 }),
      new ALog('empty', undefined),
    ]
    const { world, cleaner, done } = given(logs)
    cleaner.start()
    await world.run(1000)
    expect(done).toEqual(['very late', 'late', 'filthy', 'dirty'])
  })

  it('looks again after the back-off when nothing was due', async () => {
    const log = new ALog('topic', undefined)
    const { world, cleaner, done } = given([log])
    cleaner.start()
    await world.run(1000)
    log.range = { ratio: 1 }
    await world.run(13_000)
    expect(done).toEqual([])
    await world.run(2_000)
    expect(done).toEqual(['topic'])
  })

  it('leaves a log alone on which a pass failed, says so once, and goes on with the others', async () => {
    const bad = new ALog('bad', { ratio: 0.9 })
    bad.pass = () => Promise.reject(new Error('damaged'))
    const unreadable = new ALog('unreadable', {})
    unreadable.cleanable = () => Promise.reject(new Error('gone'))
    const { world, cleaner, done, told } = given([bad, unreadable, new ALog('good', { ratio: 0.5 })])
    cleaner.start()
    await world.run(100_000)
    expect({ done, bad: bad.compacted }).toEqual({ done: ['good'], bad: 1 })
    const failures = told.filter(each => each.startsWith('error'))
    expect(failures.toSorted()).toEqual(
      ['bad', 'unreadable'].map(topic => `error: a log could not be compacted and stays as it is (${topic})`),
    )
  })

  it('tries again when the disk was full, or the log changed under it', async () => {
    const full = new ALog('full', { ratio: 0.9 })
    full.pass = () => (full.compacted < 3 ? Promise.reject(new DiskError('ENOSPC', '/data', 'full')) : Promise.resolve(result))
    const busy = new ALog('busy', { ratio: 0.5 })
    busy.pass = () => (busy.compacted < 2 ? Promise.reject(new CleaningAborted('truncated')) : Promise.resolve(result))
    const logs = [full, busy]
    const { world, cleaner, done } = given(logs)
    cleaner.start()
    const other = new ALog('other', { ratio: 0.1 })
    logs.push(other)
    await world.run(10_000)
    expect({ full: full.compacted, busy: busy.compacted, done }).toEqual({ full: 1, busy: 1, done: ['other'] })
    await world.run(100_000)
    expect(done).toEqual(['other', 'busy', 'full'])
  })

  it('gives up the pass under way when it is stopped, and nothing happens after that', async () => {
    const log = new ALog('topic', { ratio: 1 })
    log.pass = signal => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new CleaningAborted('stopped'))))
    const { world, cleaner, done, told } = given([log])
    cleaner.start()
    await world.run(1000)
    await world.settle(cleaner.stop())
    await world.run(100_000)
    expect({ compacted: log.compacted, done, told }).toEqual({ compacted: 1, done: [], told: [] })
    log.pass = () => Promise.resolve(result)
    cleaner.start()
    await world.run(1000)
    expect(done).toEqual(['topic'])
  })

  it('does nothing when log.cleaner.enable is false', async () => {
    const log = new ALog('topic', { ratio: 1 })
    const { world, cleaner } = given([log], { enable: false })
    cleaner.start()
    await world.run(100_000)
    await world.settle(cleaner.stop())
    expect(log.compacted).toBe(0)
  })
})
