import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BrokerLogLine } from '../contract/cluster.ts'
import { WORLD_BEGINS_MS } from '../simulation/simulatedClock.ts'
import { simulatedWorld, type World } from '../simulation/world.ts'
import { BrokerLog, parseLine } from './brokerLog.ts'

let world: World
let told: BrokerLogLine[]
let log: BrokerLog

const newLog = () => new BrokerLog(world.env('host'), { brokerId: 2, path: '/logs/broker-2.log', onLine: line => told.push(line) })
const close = () => world.settle(log.close())
const text = async (path: string) => (await world.settle(world.env('host').disk.readFile(path))).toString()
const sizeOf = async (path: string) => (await world.settle(world.env('host').disk.stat(path)))?.size

beforeEach(async () => {
  world = simulatedWorld(1)
  told = []
  await world.settle(world.env('host').disk.makeDirectory('/logs'))
  log = newLog()
})
afterEach(() => world.close())

describe("a broker's log", () => {
  it('is on disk, in memory and told, in order', async () => {
    log.write(`{"level":"info","time":${WORLD_BEGINS_MS},"msg":"ready","port":9092}`)
    log.write('a crash')
    await close()
    expect(await text('/logs/broker-2.log')).toBe(
      '2025-01-01T00:00:00.000Z INFO  ready port=9092\n2025-01-01T00:00:00.000Z ERROR a crash\n',
    )
    expect(log.lines.map(line => line.message)).toEqual(['ready port=9092', 'a crash'])
    expect(told).toEqual(log.lines)
  })

  it('goes on behind what an earlier run wrote', async () => {
    log.write('one')
    await close()
    log = newLog()
    log.write('two')
    await close()
    expect((await text('/logs/broker-2.log')).split('\n').map(line => line.slice(-3))).toEqual(['one', 'two', ''])
  })

  it('never takes more than two files of ten megabytes', async () => {
    for (let count = 0; count < 1_700; count++) {
      log.write('x'.repeat(19_000))
      if (count % 100 === 99) await world.run(100)
    }
    await close()
    expect(await sizeOf('/logs/broker-2.log')).toBeLessThan(12_000_000)
    expect(await sizeOf('/logs/broker-2.log.1')).toBeGreaterThan(9_000_000)
    expect(await sizeOf('/logs/broker-2.log.1')).toBeLessThan(12_500_000)
  })

  it('keeps a thousand lines in memory', () => {
    for (let count = 0; count < 1_200; count++) log.write(`${count}`)
    expect(log.lines).toHaveLength(1_000)
    expect(log.lines[0]?.message).toBe('200')
  })

  it('outlives a full disk: goes on in memory, and says from where on the file lacks it', async () => {
    log.write('before')
    await world.run(100)
    world.disk('host').faults.add({ operations: ['append'], code: 'ENOSPC' })
    log.write('while')
    await world.run(100)
    log.write('after')
    await close()
    expect(log.lines.map(line => line.message)).toEqual(['before', 'while', expect.stringContaining('not on disk from here on'), 'after'])
    expect(told).toEqual(log.lines)
  })

  it('writes nothing once it is closed', async () => {
    log.write('before')
    await close()
    log.write('after')
    await world.run(100)
    await close()
    expect(await text('/logs/broker-2.log')).not.toContain('after')
    expect(log.lines).toHaveLength(2)
  })
})

describe('a line', () => {
  const parsed = (line: string) => parseLine(line, 1, 5)

  it.each(['{"level":"info"', '{}}', 'Error: no', '[1]', 'null'])('that is no JSON object is an error as it stands: %s', line =>
    expect(parsed(line)).toEqual({ brokerId: 1, atMs: 5, level: 'error', message: line }),
  )

  it.each([
    ['{"level":"fatal","msg":"x"}', { level: 'info', atMs: 5, message: 'x' }],
    ['{"level":"warn","time":1e300,"msg":"x"}', { level: 'warn', atMs: 5, message: 'x' }],
    ['{"level":"warn","time":"now","msg":7,"a":{"b":1},"c":"d e"}', { level: 'warn', atMs: 5, message: 'a={"b":1} c=d e' }],
  ])('of a stranger does no harm: %s', (line, expected) => expect(parsed(line)).toMatchObject(expected))

  it('that does not end is cut', () => expect(parsed('x'.repeat(10_000_000)).message.length).toBeLessThan(30_000))
})
