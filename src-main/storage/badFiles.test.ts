import { describe, expect, it } from 'vitest'
import { silentLogger } from '../base/logger.ts'
import { TXN_INDEX_ENTRY_BYTES } from '../protocol/files/indexEntries.ts'
import {
  baseOffset,
  batchSize,
  batchesIn,
  isIntact,
  lastOffset,
  maxTimestamp,
  partitionLeaderEpoch,
  setBaseOffset,
} from '../protocol/records/batch.ts'
import { decodeRecords } from '../protocol/records/record.ts'
import { type World, simulatedWorld } from '../simulation/world.ts'
import { SOME_TIME, aBatch, aLogConfig, aMarker, aProducerBatch } from './builders.ts'
import { EpochCache } from './epochCache.ts'
import { LogDirectory } from './logDirectory.ts'
import type { PartitionLog } from './partitionLog.ts'
import { replayInto } from './producerBatches.ts'
import { ProducerState } from './producerState.ts'

/**
 * A folder of which one file is not what was written. What may come of it: an error of a kind that says what is damaged, or the log as it was, up to
 * what nobody had promised. Never anything that was not written, never less than was synced.
 */
const NODE = 'broker-1'
const FOLDER = '/data/topic-0'
const TOPIC_ID = 'AQIDBAUGBwgJCgsMDQ4PEA'
const RETRIED_PRODUCER = 1000
const config = aLogConfig({ segmentBytes: 430, indexIntervalBytes: 100, retentionMs: -1, producerIdExpirationMs: Number.MAX_SAFE_INTEGER })

interface Written {
  readonly files: ReadonlyMap<string, Buffer>
  readonly batches: readonly Buffer[]
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number; readonly lastOffset: number }[]
  readonly logStartOffset: number
  /** Everything below was synced, and the folder says so. */
  readonly syncedUpTo: number
  readonly isClean: boolean
}

const openDirectory = (world: World) =>
  world.settle(LogDirectory.open(world.env(NODE), '/data', { clusterId: 'cluster', nodeId: 1, log: silentLogger }))

/** As a broker does that leads. */
async function opened(world: World, directory: LogDirectory): Promise<PartitionLog> {
  const log = await world.settle(directory.openLog('topic', 0, TOPIC_ID, config, { lazily: true }))
  await world.settle(log.ready())
  return log
}

/** Three segments with transactions, epochs and idempotent producers, the first records deleted. */
async function aFolder({ isClean }: { readonly isClean: boolean }): Promise<Written> {
  const world = simulatedWorld(1)
  const directory = await openDirectory(world)
  const log = await world.settle(directory.openLog('topic', 0, TOPIC_ID, config))
  const batches: Buffer[] = []
  const aborted: Written['aborted'][number][] = []
  const begun = new Map<number, number>()
  const sequences = new Map<number, number>()
  let syncedUpTo = 0

  const append = async (batch: Buffer, leaderEpoch: number) => {
    const result = log.append(batch, { leaderEpoch, origin: 'coordinator' })
    if (result.error !== 'NONE') throw new Error(result.error)
    await world.settle(result.written)
    batches.push(Buffer.from(batch))
    return result
  }
  const data = async (leaderEpoch: number, at: number, of: { producerId?: number; isTransactional?: boolean; records?: number } = {}) => {
    const { producerId, isTransactional = false, records = 1 } = of
    const timestamp = SOME_TIME + at
    if (producerId === undefined) return append(aBatch({ records, timestamp, valueBytes: 3 }), leaderEpoch)
    const baseSequence = sequences.get(producerId) ?? 0
    sequences.set(producerId, baseSequence + records)
    const { baseOffset } = await append(
      aProducerBatch({ producerId, baseSequence, records, timestamp, valueBytes: 3, isTransactional }),
      leaderEpoch,
    )
    if (isTransactional && !begun.has(producerId)) begun.set(producerId, baseOffset)
    return baseOffset
  }
  const abort = async (leaderEpoch: number, producerId: number) => {
    const { lastOffset } = await append(aMarker({ type: 'abort', producerId }), leaderEpoch)
    aborted.push({ producerId, firstOffset: begun.get(producerId)!, lastOffset })
    begun.delete(producerId)
  }

  await data(0, 10, { records: 3 })
  await data(0, 20, { producerId: RETRIED_PRODUCER })
  await data(0, 30, { producerId: 2000, isTransactional: true })
  await abort(0, 2000)
  await data(0, 25)
  await data(1, 40, { producerId: 2001, isTransactional: true, records: 2 })
  await data(1, 60, { producerId: 2002, isTransactional: true })
  await abort(1, 2001)
  await data(3, 50, { producerId: RETRIED_PRODUCER, records: 2 })
  await abort(3, 2002)
  log.advanceHighWatermark(log.logEndOffset)
  log.raiseLogStartOffset(1)
  await data(3, 70, { producerId: 2000, isTransactional: true })
  await abort(3, 2000)
  await data(3, 80)
  await data(4, 90)
  await world.settle(log.flush())
  await world.settle(directory.checkpoint())
  syncedUpTo = log.logEndOffset
  await data(4, 95, { producerId: RETRIED_PRODUCER })
  await data(4, 100)
  log.advanceHighWatermark(log.logEndOffset - 1)
  if (isClean) {
    await world.settle(directory.close(7))
    syncedUpTo = log.logEndOffset
  } else world.crash(NODE)
  const files = new Map(world.disk(NODE).files())
  world.close()
  return { files, batches, aborted, logStartOffset: 1, syncedUpTo, isClean }
}

/** Every change of every byte, and a restart behind each, for who has the time. */
const isThorough = process.env['TRILOG_SEEDS'] !== undefined
let lived = 0
const TIMEOUT_MS = 600_000

const TYPED = new Set(['CorruptLog', 'MalformedMessage', 'ForeignLogDirectory'])

/** A clear error says where and what, in words of its own. */
function isClear(problem: unknown): boolean {
  return problem instanceof Error && TYPED.has(problem.name) && problem.message.includes('/data')
}

/** What came of it, once it is known to be allowed. */
type Outcome = 'as if nothing had happened' | 'repaired' | 'a clear error'

/** Opens the folder with one file changed, and looks at everything. */
async function lives(written: Written, damaged: string, bytes: Buffer | undefined): Promise<Outcome> {
  const world = simulatedWorld(1)
  const disk = world.disk(NODE)
  for (const [path, content] of written.files) if (path !== damaged) disk.put(path, content)
  if (bytes !== undefined) disk.put(damaged, bytes)
  let log: PartitionLog | undefined
  try {
    const directory = await openDirectory(world)
    log = await opened(world, directory)
    const expected = promised(log, written, damaged, bytes)
    await checkLookups(world, log, expected, { ...written, mayForgetAborted: isShorterIndexOfAborted(damaged, bytes) })
    checkState(log, expected)
    expect(await readAll(world, log)).toEqual(expected.map(batch => batch.toString('hex')))
    if (log.failure !== undefined) throw log.failure
    const more = await goOn(world, log, expected)
    if (isThorough || lived++ % 5 === 0) {
      await world.settle(directory.close(8))
      const again = await openDirectory(world)
      log = await opened(world, again)
      expect(await readAll(world, log)).toEqual([...expected, ...more].map(batch => batch.toString('hex')))
    }
    return expected.length === written.batches.length ? 'as if nothing had happened' : 'repaired'
  } catch (problem) {
    const cause = rootOf(problem)
    if (isClear(cause)) return 'a clear error'
    if (log?.failure !== undefined && isClear(log.failure)) return 'a clear error'
    throw problem
  } finally {
    world.close()
  }
}

const rootOf = (problem: unknown): unknown => (problem instanceof Error && problem.message.startsWith('seed ') ? problem.cause : problem)

/** Differs from all else: nothing tells that such an index had more entries, since the format has no count (nor does Kafka know). */
const isShorterIndexOfAborted = (path: string, bytes: Buffer | undefined) =>
  path.endsWith('.txnindex') && (bytes === undefined || bytes.length % TXN_INDEX_ENTRY_BYTES === 0)

/** Of what was written, that which has to be there, given where the log says that it begins and ends. */
function promised(log: PartitionLog, written: Written, damaged: string, bytes: Buffer | undefined): Buffer[] {
  const { logStartOffset, logEndOffset } = log
  const end = lastOffset(written.batches.at(-1)!) + 1
  expect(logEndOffset).toBeLessThanOrEqual(end)
  expect(logEndOffset, 'what was synced').toBeGreaterThanOrEqual(written.syncedUpTo)
  const mayHideOthers = damaged.endsWith('/log-start-offset-checkpoint')
  // Where retention was about to say that the first segment is gone, and died, there is none either.
  const mayBeWithoutFirst = !written.isClean && damaged.endsWith('/00000000000000000000.log') && bytes === undefined
  if (mayHideOthers) expect(logStartOffset).toBeLessThanOrEqual(logEndOffset)
  else if (!mayBeWithoutFirst) expect(logStartOffset).toBe(written.logStartOffset)
  expect(log.highWatermark).toBeGreaterThanOrEqual(logStartOffset)
  expect(log.highWatermark).toBeLessThanOrEqual(logEndOffset)
  const kept = written.batches.filter(batch => lastOffset(batch) < logEndOffset)
  expect(lastOffset(kept.at(-1)!) + 1, 'it ends with a batch').toBe(logEndOffset)
  return kept.filter(batch => lastOffset(batch) >= logStartOffset)
}

async function readAll(world: World, log: PartitionLog): Promise<string[]> {
  const found: string[] = []
  for (let from = log.logStartOffset; from < log.logEndOffset;) {
    const read = await world.settle(log.read(from, { maxBytes: 300, upTo: log.logEndOffset, atLeastOneBatch: true }))
    if (read.error !== 'NONE') throw log.failure ?? new Error(read.error)
    expect(read.records.length, `bytes from ${from} on`).toBeGreaterThan(0)
    for (const at of batchesIn(read.records)) {
      found.push(read.records.subarray(at, at + batchSize(read.records, at)).toString('hex'))
      from = lastOffset(read.records, at) + 1
    }
  }
  return found
}

async function checkLookups(
  world: World,
  log: PartitionLog,
  batches: readonly Buffer[],
  { aborted, mayForgetAborted }: Written & { readonly mayForgetAborted: boolean },
): Promise<void> {
  const records = batches
    .flatMap(batch =>
      decodeRecords(batch, 0, 1000).map(({ offset, timestamp }) => ({ offset, timestamp, leaderEpoch: partitionLeaderEpoch(batch) })),
    )
    .filter(record => record.offset >= log.logStartOffset)
  // From where a read begins must not matter.
  for (const { offset } of records.toReversed()) {
    const read = await world.settle(log.read(offset, { maxBytes: 1, upTo: log.logEndOffset, atLeastOneBatch: true }))
    if (read.error !== 'NONE') throw log.failure ?? new Error(read.error)
    expect(read.records.equals(batches.find(batch => lastOffset(batch) >= offset)!), `the batch of offset ${offset}`).toBe(true)
  }
  for (const timestamp of [...new Set(records.map(record => record.timestamp))].flatMap(each => [each, each + 1])) {
    const found = await world.settle(log.offsetForTimestamp(timestamp))
    expect(found, `the first at ${timestamp - SOME_TIME}`).toEqual(records.find(record => record.timestamp >= timestamp))
  }
  const largest = Math.max(...batches.map(batch => maxTimestamp(batch)))
  expect(await world.settle(log.maxTimestamp())).toEqual(records.find(record => record.timestamp === largest))
  const ranges = batches.flatMap(batch => [
    { from: Math.max(baseOffset(batch), log.logStartOffset), upTo: log.logEndOffset },
    { from: log.logStartOffset, upTo: lastOffset(batch) + 1 },
  ])
  const found = await world.settle(Promise.all(ranges.map(({ from, upTo }) => log.abortedTransactions(from, upTo))))
  for (const [index, { from, upTo }] of ranges.entries()) {
    const expected = aborted.filter(each => each.lastOffset >= from && each.firstOffset < upTo && each.lastOffset < log.logEndOffset)
    const named = (list: readonly { producerId: number; firstOffset: number }[]) =>
      list.map(each => `${each.producerId}@${each.firstOffset}`).toSorted()
    if (mayForgetAborted) expect(named(expected)).toEqual(expect.arrayContaining(named(found[index]!)))
    else expect(named(found[index]!), `aborted in ${from}..${upTo}`).toEqual(named(expected))
  }
}

function checkState(log: PartitionLog, batches: readonly Buffer[]): void {
  const epochs = new EpochCache()
  const producers = new ProducerState()
  for (const batch of batches) {
    epochs.assign(partitionLeaderEpoch(batch), baseOffset(batch))
    replayInto(producers, batch)
  }
  for (let epoch = 0; epoch < 7; epoch++) {
    const end = epochs.endOffsetFor(epoch, log.logEndOffset)
    expect(log.endOffsetFor(epoch), `the end of epoch ${epoch}`).toEqual(end)
  }
  const of = (active: readonly { producerId: number }[]) => active.toSorted((one, other) => one.producerId - other.producerId)
  expect(of(log.activeProducers())).toEqual(of(producers.describe()))
}

/** A retry is known, and what is appended gets the next offset. Answers what is in the log now beside what was. */
async function goOn(world: World, log: PartitionLog, batches: readonly Buffer[]): Promise<Buffer[]> {
  const last = batches.findLast(batch => batch.readBigInt64BE(43) === BigInt(RETRIED_PRODUCER))!
  const sent = Buffer.from(last)
  setBaseOffset(sent, 0, 0)
  const retry = log.append(sent, { leaderEpoch: 5, origin: 'client' })
  expect(retry).toMatchObject({ error: 'NONE', duplicate: true, baseOffset: baseOffset(last) })
  const before = log.logEndOffset
  const batch = aBatch({ timestamp: SOME_TIME + 110 })
  const result = log.append(batch, { leaderEpoch: 5, origin: 'client' })
  expect(result).toMatchObject({ error: 'NONE', baseOffset: before })
  if (result.error !== 'NONE') throw new Error(result.error)
  await world.settle(result.written)
  expect(await world.settle(log.offsetForTimestamp(SOME_TIME + 105))).toMatchObject({ offset: before })
  return [Buffer.from(batch)]
}

/** Runs all, and says of which the outcome was not allowed. */
async function all(
  written: Written,
  cases: Iterable<readonly [what: string, path: string, bytes: Buffer | undefined]>,
): Promise<Map<Outcome, number>> {
  const outcomes = new Map<Outcome, number>()
  const wrong: string[] = []
  let first: unknown
  for (const [what, path, bytes] of cases) {
    try {
      const outcome = await lives(written, path, bytes)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    } catch (problem) {
      if (wrong.length === 0) first = problem
      wrong.push(`${path} ${what}: ${String(problem).split('\n')[0]}`)
    }
  }
  if (wrong.length > 0) throw new Error(`${wrong.length} wrong outcomes:\n${wrong.join('\n')}`, { cause: first })
  return outcomes
}

const FILES = [
  'meta.properties',
  'cleaner-offset-checkpoint',
  '.kafka_cleanshutdown',
  'recovery-point-offset-checkpoint',
  'log-start-offset-checkpoint',
  'replication-offset-checkpoint',
  'topic-0/partition.metadata',
  'topic-0/leader-epoch-checkpoint',
]

describe.each([
  { shutdown: 'a clean shutdown', isClean: true },
  { shutdown: 'the death of its process', isClean: false },
])('after $shutdown a folder', { timeout: TIMEOUT_MS }, ({ isClean }) => {
  const given = aFolder({ isClean })

  it('is read as it was written', async () => {
    const written = await given
    expect(await lives(written, '', undefined)).toBe('as if nothing had happened')
    const kinds = [...written.files.keys()].map(path => path.replace(/\d{20}/, '0'))
    expect(new Set(kinds)).toEqual(
      new Set([
        ...FILES.filter(name => isClean || name !== '.kafka_cleanshutdown').map(name => `/data/${name}`),
        ...['log', 'index', 'timeindex', 'txnindex', 'snapshot'].map(kind => `${FOLDER}/0.${kind}`),
      ]),
    )
    expect([...written.files.keys()].filter(path => path.endsWith('.log')).length).toBeGreaterThanOrEqual(3)
  })

  it.each(['log', 'index', 'timeindex', 'txnindex', 'snapshot', 'other'])(
    'survives that any %s is cut off anywhere, or is lost',
    async kind => {
      const written = await given
      await all(
        written,
        cuts(written, path => (kind === 'other' ? !/\d{20}\./.test(path) : path.endsWith(`.${kind}`))),
      )
    },
  )

  it.each(['index', 'timeindex', 'txnindex', 'snapshot', 'other'])('survives that any byte of any %s is another', async kind => {
    const written = await given
    await all(
      written,
      flips(written, path => (kind === 'other' ? !/\d{20}\./.test(path) : path.endsWith(`.${kind}`))),
    )
  })
})

it('says of damage in a log where it is', { timeout: TIMEOUT_MS }, async () => {
  const written = await aFolder({ isClean: false })
  const path = `${FOLDER}/00000000000000000014.log`
  const content = written.files.get(path)!
  const starts = [...batchesIn(content)]
  // Neither a checksum nor anything else covers the leader epoch, nor the base offset of a last batch.
  const isCovered = (at: number) => {
    const start = starts.findLast(each => each <= at)!
    return at - start >= 16 || (at - start < 12 && (at - start >= 8 || start !== starts.at(-1)))
  }
  const cases = [...flips(written, each => each === path)].filter((_, index) => isCovered(Math.floor(index / CHANGES.length)))
  const outcomes = await all(written, cases)
  expect(outcomes.get('a clear error')).toBeGreaterThan(0)
  expect(outcomes.get('repaired')).toBeGreaterThan(0)
  expect(outcomes.get('as if nothing had happened')).toBeUndefined()

  const world = simulatedWorld(1)
  for (const [each, bytes] of written.files) world.disk(NODE).put(each, bytes)
  const bytes = Buffer.from(content)
  bytes[starts[2]! + 40]! ^= 1
  world.disk(NODE).put(path, bytes)
  const directory = await openDirectory(world)
  const place = { path, position: starts[2], offset: baseOffset(content, starts[2]) }
  await expect(opened(world, directory)).rejects.toMatchObject({ name: 'CorruptLog', place })
})

it.each([true, false])(
  'serves no byte of a damaged log as a good one, and goes on serving others (clean: %s)',
  { timeout: TIMEOUT_MS },
  async isClean => {
    const written = await aFolder({ isClean })
    const good = written.batches.map(batch => batch.subarray(16).toString('hex'))
    for (const [what, path, bytes] of flips(written, each => each.endsWith('.log'), CHANGES.slice(0, 1))) {
      const world = simulatedWorld(1)
      for (const [each, content] of written.files) world.disk(NODE).put(each, each === path ? bytes : content)
      try {
        const directory = await openDirectory(world)
        const log = await opened(world, directory)
        for (let from = log.logStartOffset; from < Math.min(log.logEndOffset, 30);) {
          const read = await world.settle(log.read(from, { maxBytes: 300, upTo: log.logEndOffset, atLeastOneBatch: true }))
          if (read.error === 'KAFKA_STORAGE_ERROR') throw log.failure!
          if (read.error !== 'NONE' || read.records.length === 0) break
          for (const at of batchesIn(read.records)) {
            const batch = read.records.subarray(at, at + batchSize(read.records, at))
            from = lastOffset(batch) + 1
            // What the checksum does not cover, nobody can vouch for.
            if (isIntact(batch)) expect(good).toContain(batch.subarray(16).toString('hex'))
          }
        }
      } catch (problem) {
        if (!isClear(rootOf(problem))) throw new Error(`${path} ${what}`, { cause: problem })
      } finally {
        world.close()
      }
    }
  },
)

/** No start reads an older one than these. */
const newestSnapshots = ({ files }: Written) =>
  new Set(
    [...files.keys()]
      .filter(path => path.endsWith('.snapshot'))
      .toSorted()
      .slice(isThorough ? 0 : -2),
  )

function* cuts(written: Written, isWanted: (path: string) => boolean): Generator<readonly [string, string, Buffer | undefined]> {
  for (const [path, content] of written.files) {
    if (!isWanted(path) || (path.endsWith('.snapshot') && !newestSnapshots(written).has(path))) continue
    yield ['is lost', path, undefined]
    for (let length = 0; length < content.length; length++)
      yield [`is cut to ${length} of ${content.length} bytes`, path, content.subarray(0, length)]
  }
}

const CHANGES: readonly (readonly [string, (byte: number) => number])[] = [
  ['its lowest bit', byte => byte ^ 1],
  ['its highest bit', byte => byte ^ 0x80],
  ...(isThorough ? [['all its bits', (byte: number) => byte ^ 0xff] as const] : []),
]

function* flips(written: Written, isWanted: (path: string) => boolean, changes = CHANGES): Generator<readonly [string, string, Buffer]> {
  for (const [path, content] of written.files) {
    if (!isWanted(path) || (path.endsWith('.snapshot') && !newestSnapshots(written).has(path))) continue
    for (let at = 0; at < content.length; at++) {
      // Snapshots have a checksum over everything: one change is as good as another.
      for (const [what, change] of path.endsWith('.snapshot') ? changes.slice(0, 1) : changes) {
        const bytes = Buffer.from(content)
        bytes[at] = change(bytes[at]!)
        yield [`has ${what} changed in byte ${at}`, path, bytes]
      }
    }
  }
}
