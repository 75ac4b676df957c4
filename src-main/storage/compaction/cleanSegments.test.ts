import { describe, expect, it } from 'vitest'
import { encodeOffsetIndexEntry, encodeTimeIndexEntry } from '../../protocol/files/indexEntries.ts'
import { logFileName } from '../../protocol/files/fileNames.ts'
import {
  baseOffset,
  batchesIn,
  batchSize,
  compressionName,
  compressionNames,
  lastOffset,
  maxTimestamp,
} from '../../protocol/records/batch.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { decodeRecords } from '../../protocol/records/record.ts'
import { seededRandom } from '../../simulation/seededRandom.ts'
import { simulatedWorld } from '../../simulation/world.ts'
import { SOME_TIME, aBatch, aMarker, aProducerBatch } from '../builders.ts'
import type { LogConfig } from '../logConfig.ts'
import { SegmentsOnly } from './builders.ts'
import { Throttle } from './throttle.ts'

const NODE = 'broker-1'
const FOLDER = '/data/topic-0'

function given(config: Partial<LogConfig> = {}) {
  const world = simulatedWorld(1)
  const env = world.env(NODE)
  const log = new SegmentsOnly(env, { deleteRetentionMs: 100, segmentBytes: 1000, ...config })
  const add = (...batches: Buffer[]) => world.settle(log.add(batches))
  const clean = (...of: Parameters<SegmentsOnly['clean']>) => world.settle(log.clean(...of))
  const content = async () =>
    (await world.settle(log.batches())).flatMap(batch =>
      decodeRecords(batch, 0, 1e6).map(({ offset, key, value }) => `${offset}:${String(key)}=${value?.toString() ?? 'null'}`),
    )
  const files = () =>
    [...world.disk(NODE).files()]
      .filter(([path]) => path.startsWith(FOLDER))
      .map(([path, bytes]) => [path.slice(FOLDER.length + 1), bytes.toString('hex')])
  return { world, env, log, add, clean, content, files }
}

const keyed = (key: string, value: string | null, timestamp = SOME_TIME) =>
  buildBatch({ records: [{ timestamp, key: Buffer.from(key), value: value === null ? null : Buffer.from(value) }] })

describe('a pass of compaction', () => {
  it.each(compressionNames)('leaves the last record of 1,000 keys out of 50,000 records, compressed as they were (%s)', async codec => {
    const { log, add, clean, world, files } = given({ segmentBytes: 1_000_000, indexIntervalBytes: 4096 })
    const random = seededRandom(codec)
    const last = new Map<string, string>()
    for (let offset = 0; offset < 50_000;) {
      const batches = Array.from({ length: 100 }, () =>
        buildBatch({
          codec,
          records: Array.from({ length: 50 }, () => {
            const key = `key ${random.below(1000)}`
            const value = `value ${offset}`.padEnd(60)
            last.set(key, `${offset++} ${value}`)
            return { timestamp: SOME_TIME + offset, key: Buffer.from(key), value: Buffer.from(value) }
          }),
        }),
      )
      await add(...batches)
    }
    const result = await clean()
    expect(result).toMatchObject({ endOffset: 50_000, recordsRead: 50_000, recordsKept: last.size })
    const batches = await world.settle(log.batches())
    const left = batches.flatMap(batch => decodeRecords(batch, 0, 1e6))
    expect(new Map(left.map(({ offset, key, value }) => [String(key), `${offset} ${String(value)}`]))).toEqual(last)
    expect(left.length).toBe(last.size)
    expect(left.map(({ offset }) => offset)).toEqual(left.map(({ offset }) => offset).toSorted((one, other) => one - other))
    for (const { offset, timestamp } of left) expect(timestamp).toBe(SOME_TIME + offset + 1)
    for (const batch of batches) expect(compressionName(batch)).toBe(codec)

    log.firstDirtyOffset = 0
    expect(await clean()).toMatchObject({ recordsRead: last.size, recordsKept: last.size })
    const again = await world.settle(log.batches())
    expect(again.every((batch, at) => batch.equals(batches[at]!))).toBe(true)
    // What has become small was put together by then.
    const before = files()
    log.firstDirtyOffset = 0
    await clean()
    expect(files().every(([name, hex], at) => name === before[at]![0] && hex === before[at]![1])).toBe(true)
  })

  it('does not touch what is not dirty, nor what must stay', async () => {
    const { add, clean, content, log } = given()
    await add(keyed('a', '1'), keyed('a', '2'))
    await add(keyed('a', '3'))
    expect(await clean({ firstUncleanableOffset: 2 })).toMatchObject({ endOffset: 2 })
    expect(await content()).toEqual(['1:a=2', '2:a=3'])
    expect(await clean({ firstUncleanableOffset: 2 })).toMatchObject({ endOffset: 2, recordsRead: 0 })
    expect(log.segments.length).toBe(3)
  })

  it('cleans the clean part by what is new, and never the other way round', async () => {
    const { add, clean, content } = given({ segmentBytes: 80 })
    await add(keyed('a', '1'), keyed('b', '1'), keyed('c', '1'))
    await clean()
    await add(keyed('a', '2'), keyed('c', '2'))
    await clean()
    expect(await content()).toEqual(['1:b=1', '3:a=2', '4:c=2'])
  })

  it('goes as far as its map does, and on from there with the next pass', async () => {
    const { add, clean, content } = given()
    const batch = buildBatch({
      records: ['a', 'b', 'a', 'c', 'b', 'a'].map((key, at) => ({
        timestamp: SOME_TIME,
        key: Buffer.from(key),
        value: Buffer.from(`${at}`),
      })),
    })
    await add(batch)
    const tiny = { offsetMapBytes: 48 }
    expect(await clean(tiny)).toMatchObject({ endOffset: 1 })
    expect(await content()).toEqual(['0:a=0', '1:b=1', '2:a=2', '3:c=3', '4:b=4', '5:a=5'])
    for (const endOffset of [2, 3, 4, 5, 6]) expect(await clean(tiny)).toMatchObject({ endOffset })
    expect(await content()).toEqual(['3:c=3', '4:b=4', '5:a=5'])
  })

  it('merges small segments, and keeps the time of the last of them', async () => {
    const { add, clean, log, world, files } = given({ segmentBytes: 300 })
    for (let count = 0; count < 4; count++) {
      await add(keyed(`a${count}`, '1'))
      await world.run(1000)
    }
    const times = log.segments.map(({ createdMs }) => createdMs)
    await clean()
    expect(log.segments.map(segment => segment.baseOffset)).toEqual([0, 4])
    expect(log.segments[0]!.createdMs).toBe(times[3])
    const stat = await world.settle(world.env(NODE).disk.stat(`${FOLDER}/${logFileName(0, 'log')}`))
    expect(stat!.modifiedMs).toBe(Math.round(times[3]!))
    expect(
      files()
        .map(([name]) => name)
        .toSorted(),
    ).toEqual([0, 4].flatMap(base => (['index', 'log', 'timeindex'] as const).map(kind => logFileName(base, kind))))
  })

  it('writes indexes as an append would', async () => {
    const { add, clean, log, world } = given({ segmentBytes: 1e6, indexIntervalBytes: 150 })
    const random = seededRandom('indexes')
    for (let count = 0; count < 3; count++) {
      await add(...Array.from({ length: 60 }, () => keyed(`key ${random.below(100)}`, 'value', SOME_TIME + random.below(1000))))
    }
    await clean()
    const [cleaned] = log.segments
    const bytes = world
      .disk(NODE)
      .files()
      .get(`${FOLDER}/${logFileName(0, 'log')}`)!
    const [index, times]: [Buffer[], Buffer[]] = [[], []]
    let since = 0
    let largest = { timestamp: -1, offset: -1 }
    let indexed = -1
    const addTime = () => {
      if (largest.timestamp > indexed) times.push(encodeTimeIndexEntry(largest, 0))
      indexed = largest.timestamp
    }
    for (const at of batchesIn(bytes)) {
      if (maxTimestamp(bytes, at) > largest.timestamp) largest = { timestamp: maxTimestamp(bytes, at), offset: lastOffset(bytes, at) }
      if (since > 150) {
        index.push(encodeOffsetIndexEntry({ offset: lastOffset(bytes, at), position: at }, 0))
        addTime()
        since = 0
      }
      since += batchSize(bytes, at)
    }
    addTime()
    expect(cleaned!.size).toBe(bytes.length)
    expect(
      world
        .disk(NODE)
        .files()
        .get(`${FOLDER}/${logFileName(0, 'index')}`),
    ).toEqual(Buffer.concat(index))
    expect(
      world
        .disk(NODE)
        .files()
        .get(`${FOLDER}/${logFileName(0, 'timeindex')}`),
    ).toEqual(Buffer.concat(times))
    expect(await world.settle(cleaned!.loadLargestTimestamp())).toEqual(largest)
  })

  it('leaves an empty segment when nothing of it is left', async () => {
    const { add, clean, log, content } = given({ segmentBytes: 80 })
    await add(keyed('a', '1'))
    await add(keyed('a', '2'))
    await clean()
    expect(log.segments.map(({ baseOffset, size }) => [baseOffset, size > 0])).toEqual([
      [0, false],
      [1, true],
      [2, false],
    ])
    expect(await content()).toEqual(['1:a=2'])
    await add(keyed('a', '3'))
    await clean()
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 2, 3])
  })

  it('keeps the last batch of the cleaned part, emptied if need be, so that its end is not forgotten', async () => {
    const { add, clean, world, log } = given()
    const marker = aMarker({ type: 'commit', producerId: 5 })
    await add(keyed('a', '1'), marker)
    await clean()
    await world.run(1000)
    log.firstDirtyOffset = 0
    await clean()
    const [, last] = await world.settle(log.batches())
    expect({ end: lastOffset(last!), records: decodeRecords(last!, 0, 1e6).length }).toEqual({ end: 1, records: 0 })
  })

  it('takes aborted data away, whatever comes after it, and the index entry when there is none left', async () => {
    const { add, clean, content, log, world } = given()
    const transactional = (producerId: number, baseSequence: number) =>
      aProducerBatch({ producerId, baseSequence, isTransactional: true, key: `k${producerId}` })
    await add(
      transactional(1, 0),
      transactional(2, 0),
      aMarker({ type: 'abort', producerId: 1 }),
      aMarker({ type: 'commit', producerId: 2 }),
    )
    await add(keyed('other', '1'))
    await clean()
    expect((await content()).filter(record => record.includes('k'))).toEqual(['1:k2=00000000'])
    expect((await world.settle(log.segments[0]!.abortedTransactions())).map(({ producerId }) => producerId)).toEqual([1])
    // Its last batch is still there for its sequence: the marker stays, until the producer has another.
    await add(transactional(1, 1), aMarker({ type: 'commit', producerId: 1 }))
    await clean()
    await add(keyed('other', '2'))
    await clean()
    expect(await world.settle(log.segments[0]!.abortedTransactions())).toEqual([])
  })

  it('does not begin to write when it finds nothing new', async () => {
    const { log, add, clean, files } = given()
    await add(keyed('a', '1'), keyed('b', '1'))
    await clean()
    const before = log.segments
    log.firstDirtyOffset = 0
    await clean({ swap: () => Promise.reject(new Error('there is nothing to swap')) })
    expect(log.segments).toBe(before)
    expect(files().filter(([name]) => name!.includes('cleaned'))).toEqual([])
  })
})

describe('a pass that cannot go on', () => {
  const overwritten = () => Array.from({ length: 50 }, (_, at) => aBatch({ records: 20, valueBytes: 100, key: `key ${at % 5}` }))
  const leftovers = (files: readonly (readonly (string | undefined)[])[]) => files.filter(([name]) => name!.includes('cleaned'))

  it('stops when it is told to, and leaves nothing behind', async () => {
    const { add, log, world, env, files, content } = given({ segmentBytes: 1e6 })
    await add(...overwritten())
    const before = await content()
    const abort = new AbortController()
    const pass = log.clean({ signal: abort.signal, throttle: new Throttle(env.clock, 100_000) })
    pass.catch(() => undefined)
    await world.run(1500)
    expect(leftovers(files()).length).toBeGreaterThan(0)
    abort.abort()
    await expect(world.settle(pass)).rejects.toMatchObject({ name: 'CleaningAborted' })
    expect(leftovers(files())).toEqual([])
    expect(await content()).toEqual(before)
  })

  it('ends when its segments are no part of the log any more', async () => {
    const { add, clean, files } = given()
    await add(keyed('a', '1'), keyed('a', '2'))
    await expect(clean({ swap: () => Promise.resolve(false) })).rejects.toMatchObject({ name: 'CleaningAborted' })
    expect(leftovers(files())).toEqual([])
  })

  it('fails when the disk is full, and has harmed nothing', async () => {
    const { add, clean, world, files, content } = given({ segmentBytes: 1e6 })
    await add(...overwritten(), ...Array.from({ length: 30 }, (_, at) => keyed(`last ${at}`, 'x'.repeat(1000))))
    const before = await content()
    const disk = world.disk(NODE)
    disk.capacityBytes = disk.usedBytes + 500
    await expect(clean()).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(leftovers(files())).toEqual([])
    expect(await content()).toEqual(before)
    disk.capacityBytes = Number.MAX_SAFE_INTEGER
    await clean()
    expect((await content()).length).toBe(35)
  })

  it('leaves the files of a segment alone whose swap has failed', async () => {
    const { add, clean, files } = given()
    await add(keyed('a', '1'), keyed('a', '2'))
    await expect(clean({ swap: () => Promise.reject(new Error('half way')) })).rejects.toThrow('half way')
    expect(leftovers(files()).length).toBe(3)
  })

  it('does not go on with what an earlier one has left behind', async () => {
    const { add, clean, content, env, world } = given()
    await add(keyed('a', '1'), keyed('a', '2'))
    for (const kind of ['log', 'index', 'timeindex', 'txnindex'] as const) {
      await world.settle(env.disk.replaceFile(`${FOLDER}/${logFileName(0, kind)}.cleaned`, Buffer.alloc(600)))
    }
    await clean()
    expect(await content()).toEqual(['1:a=2'])
  })

  it.each([
    { what: 'its records', byte: 65, told: 'the checksum of the batch at offset 1 is wrong' },
    { what: 'its offset, which no checksum covers', byte: 6, told: 'offset 257 cannot be below 3' },
    { what: 'its offset, backwards', byte: 7, told: 'offset 0 comes after 0' },
    { what: 'its length', byte: 9, told: 'a batch of' },
    { what: 'its magic', byte: 16, told: 'magic 3 is unknown' },
  ])('tells where a batch is damaged, in $what, and does not write it anew', async ({ byte, told }) => {
    const { add, clean, env, log, world } = given()
    await add(keyed('a', '1'), keyed('b', '1'), keyed('a', '2'))
    const path = `${FOLDER}/${logFileName(0, 'log')}`
    const bytes = world.disk(NODE).files().get(path)!
    const second = batchSize(bytes)
    bytes[second + byte]! ^= 1
    await world.settle(env.disk.replaceFile(path, bytes))
    log.reopen()
    const message = expect.stringContaining(`byte ${second}: ${told}`) as string
    await expect(clean()).rejects.toMatchObject({ name: 'CorruptLog', message })
    expect(world.disk(NODE).files().get(path)).toEqual(bytes)
  })
})

describe('a pass, beside others', () => {
  it('reads and writes no faster than it is allowed to', async () => {
    const { add, log, world, env } = given({ segmentBytes: 1e6 })
    await add(...Array.from({ length: 40 }, (_, at) => aBatch({ records: 100, valueBytes: 100, key: `${at}` })))
    const from = world.elapsed
    const { bytesRead, bytesWritten } = await world.settle(log.clean({ throttle: new Throttle(env.clock, 200_000) }))
    expect(world.elapsed - from).toBeGreaterThan((bytesRead + bytesWritten) / 200 - 10)
  })

  it('lets others have their turn again and again', async () => {
    const { add, log, world, env } = given({ segmentBytes: 1e7 })
    await add(...Array.from({ length: 100 }, (_, at) => aBatch({ records: 100, valueBytes: 200, key: `${at}` })))
    let turns = 0
    const tick = () => {
      turns += 1
      env.clock.after(0.1, tick)
    }
    tick()
    const { bytesRead } = await world.settle(log.clean())
    expect(turns).toBeGreaterThan(bytesRead / 512 / 1024)
  })
})

it('keeps positions of batches in order, through all codecs in one segment', async () => {
  const { add, clean, log, world } = given({ segmentBytes: 1e6 })
  await add(...compressionNames.map((codec, at) => aBatch({ codec, records: 10, key: `${at}` })))
  await clean()
  const batches = await world.settle(log.batches())
  expect(batches.map(batch => [baseOffset(batch), compressionName(batch)])).toEqual(compressionNames.map((codec, at) => [at * 10, codec]))
})
