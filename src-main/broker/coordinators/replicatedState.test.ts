import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import { recordCount } from '../../protocol/records/batch.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { simulatedWorld, type World } from '../../simulation/world.ts'
import { MemoryCoordinatorLog } from './memoryCoordinatorLog.ts'
import { ReplicatedState, type StateRules, type Written } from './replicatedState.ts'

interface Entry {
  readonly name: string
  readonly value: string
}

/** Names and their latest values. */
const rules: StateRules<Map<string, string>, Entry> = {
  empty: () => new Map(),
  apply: (state, { name, value }) => void state.set(name, value),
  encode: ({ name, value }) => ({ key: Buffer.from(name), value: Buffer.from(value) }),
  decode: (key, value) => (value === null ? undefined : { name: key.toString(), value: value.toString() }),
}

let world: World
let log: MemoryCoordinatorLog
let failures: ErrorName[]

const clock = () => world.env('broker').clock

async function load(from = log) {
  const options = {
    commitTimeoutMs: 5000,
    maxBatchBytes: 1000,
    logger: silentLogger,
    onFailed: (error: ErrorName) => void failures.push(error),
  }
  const replicated = await world.settle(ReplicatedState.load(clock(), from, rules, options))
  await world.run(5)
  return replicated
}

function committed(written: Written): Promise<ErrorName> {
  return written.accepted ? written.committed : Promise.resolve(written.error)
}

beforeEach(() => {
  world = simulatedWorld(1)
  log = new MemoryCoordinatorLog(clock())
  failures = []
})
afterEach(() => world.close())

describe('a decision', () => {
  it('takes effect at once and is answered when it is committed', async () => {
    const replicated = await load()
    const written = replicated.write([{ name: 'a', value: '1' }])
    expect(replicated.state.get('a')).toBe('1')
    await world.run(1)
    expect(log.highWatermark).toBe(0)
    expect(await world.settle(committed(written))).toBe('NONE')
    expect(log.highWatermark).toBe(1)
  })

  it('shares its batch with all that is decided in the same turn of the loop', async () => {
    const replicated = await load()
    const all = ['a', 'b', 'c'].map(name => committed(replicated.write([{ name, value: '1' }])))
    expect(await world.settle(Promise.all(all))).toEqual(['NONE', 'NONE', 'NONE'])
    expect(log.batches.map(batch => recordCount(batch))).toEqual([3])
  })

  it('shares the next batch with all that is decided while one is on its way', async () => {
    const replicated = await load()
    replicated.write([{ name: 'a', value: '1' }])
    await world.run(1)
    replicated.write([{ name: 'b', value: '1' }])
    await world.run(0.5)
    const last = replicated.write([{ name: 'c', value: '1' }])
    await world.settle(committed(last))
    expect(log.batches.map(batch => recordCount(batch))).toEqual([1, 2])
  })

  it('is never torn: what does not fit goes into the next batch as a whole', async () => {
    const replicated = await load()
    const half = 'x'.repeat(400)
    replicated.write([{ name: 'a', value: half }])
    const second = replicated.write([
      { name: 'b', value: half },
      { name: 'c', value: half.slice(50) },
    ])
    await world.settle(committed(second))
    expect(log.batches.map(batch => recordCount(batch))).toEqual([1, 2])
  })

  it('that no batch can hold is refused and changes nothing', async () => {
    const replicated = await load()
    expect(replicated.write([{ name: 'a', value: 'x'.repeat(1000) }])).toEqual({ accepted: false, error: 'RECORD_LIST_TOO_LARGE' })
    expect(replicated.state.size).toBe(0)
    expect(failures).toEqual([])
  })
})

describe('a question', () => {
  it('is answered at once when all that was decided is committed', async () => {
    const replicated = await load()
    expect(await committed(replicated.write([]))).toBe('NONE')
  })

  it('waits for the commit of what was decided before it', async () => {
    const replicated = await load()
    replicated.write([{ name: 'a', value: '1' }])
    const asked = committed(replicated.write([]))
    expect(await world.settle(asked)).toBe('NONE')
    expect(log.highWatermark).toBe(1)
  })

  it('after a load waits until all that was loaded is committed', async () => {
    log.isReplicating = false
    void log.append(batchOf('a'))
    const replicated = await load()
    expect(replicated.state.get('a')).toBe('1')
    const asked = committed(replicated.write([]))
    log.replicate()
    expect(await world.settle(asked)).toBe('NONE')
  })
})

describe('when nothing is replicated', () => {
  it('whoever waits hears so in time, and what was decided stays decided', async () => {
    const replicated = await load()
    log.isReplicating = false
    const written = committed(replicated.write([{ name: 'a', value: '1' }]))
    const before = world.elapsed
    expect(await world.settle(written)).toBe('REQUEST_TIMED_OUT')
    expect(world.elapsed - before).toBeCloseTo(5000, -1)
    log.replicate()
    expect(await world.settle(committed(replicated.write([])))).toBe('NONE')
    expect((await load()).state.get('a')).toBe('1')
    expect(failures).toEqual([])
  })

  it('no more is taken than a bounded queue holds', async () => {
    const replicated = await load()
    log.isReplicating = false
    for (let index = 0; index < 20; index++) replicated.write([{ name: 'a', value: 'x'.repeat(800) }])
    await world.run(1)
    expect(replicated.refusal()).toBe('REQUEST_TIMED_OUT')
  })
})

describe('when an append fails', () => {
  it('all who wait hear why, once, and nothing more is taken', async () => {
    const replicated = await load()
    log.refuses = 'NOT_ENOUGH_REPLICAS'
    const written = committed(replicated.write([{ name: 'a', value: '1' }]))
    const asked = committed(replicated.write([]))
    expect(await world.settle(Promise.all([written, asked]))).toEqual(['NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS'])
    expect(failures).toEqual(['NOT_ENOUGH_REPLICAS'])
    expect(replicated.write([])).toEqual({ accepted: false, error: 'NOT_ENOUGH_REPLICAS' })
    expect((await load()).state.size).toBe(0)
  })
})

function batchOf(name: string): Buffer {
  return buildBatch({ records: [{ key: Buffer.from(name), value: Buffer.from('1'), timestamp: 0 }] })
}

it('reads again what it wrote, the last write of a name winning', async () => {
  const replicated = await load()
  for (const [name, value] of [
    ['a', '1'],
    ['b', '1'],
    ['a', '2'],
  ] as const) {
    await world.settle(committed(replicated.write([{ name, value }])))
  }
  expect((await load()).state).toEqual(replicated.state)
})

it('skips control batches and records it does not know', async () => {
  const unknown = buildBatch({ records: [{ key: Buffer.from('gone'), value: null, timestamp: 0 }] })
  const control = buildBatch({ records: [{ key: Buffer.from('marker'), value: Buffer.from('1'), timestamp: 0 }], isControl: true })
  for (const batch of [unknown, control]) await world.settle(log.append(batch))
  expect((await load()).state.size).toBe(0)
})
