import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SimulatedProcesses, type SimulatedChild } from '../simulation/simulatedProcesses.ts'
import { simulatedWorld, type World } from '../simulation/world.ts'
import { BrokerProcess, type BrokerCommand } from './brokerProcess.ts'

const COMMAND: BrokerCommand = {
  entry: 'main.ts',
  propertiesFile: '/data/broker-1.properties',
  nodeOptions: ['--x'],
  environment: { A: 'b' },
}

let world: World
let processes: SimulatedProcesses
let broker: BrokerProcess
/** `state`, with the facts that came with it. */
let entered: string[]
let lines: string[]

beforeEach(() => {
  world = simulatedWorld(1)
  const { clock } = world.env('host')
  processes = new SimulatedProcesses(clock)
  entered = []
  lines = []
  broker = new BrokerProcess(
    { processes, clock },
    {
      entered: (state, { pid, reason }) => entered.push([state, pid, reason].filter(each => each !== undefined).join(' ')),
      told: () => undefined,
      line: line => lines.push(line),
    },
  )
})
afterEach(() => world.close())

const child = (): SimulatedChild => processes.children.at(-1)!
const running = () => world.settle(broker.start(COMMAND))

describe('a broker process', () => {
  it('is running once it says that it serves clients', async () => {
    await running()
    expect(entered).toEqual(['starting 1000', 'running'])
    expect(child().command).toEqual({
      entry: 'main.ts',
      parameters: ['/data/broker-1.properties'],
      nodeOptions: ['--x'],
      environment: { A: 'b' },
    })
    expect(broker.pid).toBe(1000)
  })

  it('is not started twice', async () => {
    await world.settle(Promise.all([broker.start(COMMAND), broker.start(COMMAND)]))
    await running()
    expect(processes.children).toHaveLength(1)
  })

  it.each([true, false])('stops in order, handing over: %s', async handOver => {
    await running()
    await world.settle(broker.stop({ handOver }))
    expect(child().heard).toEqual([{ type: 'stop', handOver }])
    expect(entered.slice(2)).toEqual(['stopping', 'stopped  '])
    expect(broker.pid).toBeNull()
  })

  it('is told once to stop, however many ask', async () => {
    await running()
    await world.settle(Promise.all([broker.stop({ handOver: true }), broker.stop({ handOver: false })]))
    expect(child().heard).toHaveLength(1)
  })

  it('is killed when it does not stop in time, and says so', async () => {
    processes.habits.stopsAfterMs = 'never'
    await running()
    await world.settle(broker.stop({ handOver: true }), 40_000)
    expect(world.elapsed).toBeGreaterThan(30_000)
    expect(entered.at(-1)).toContain('SIGKILL: it did not stop within 30 s')
    expect(lines.at(-1)).toContain('did not stop within 30 s')
  })

  it('is not killed for a stop of its former life', async () => {
    await running()
    await world.settle(broker.stop({ handOver: true }))
    await running()
    await world.run(60_000)
    expect(broker.state).toBe('running')
  })

  it('is killed from the moment it was asked, and gone when that resolves', async () => {
    await running()
    const gone = broker.kill()
    expect(broker.state).toBe('killed')
    await world.settle(Promise.all([gone, broker.kill()]))
    expect(entered.filter(each => each.startsWith('killed'))).toHaveLength(1)
    expect(processes.alive).toEqual([])
    expect(broker.pid).toBeNull()
  })

  it('is killed also while it stops, and a stop does not make a kill look orderly', async () => {
    processes.habits.stopsAfterMs = 'never'
    await running()
    const stopped = broker.stop({ handOver: true })
    await world.settle(Promise.all([broker.kill(), broker.stop({ handOver: true }), stopped]))
    expect(broker.state).toBe('killed')
  })

  it('starts anew while it is ending: once it has ended', async () => {
    await running()
    void broker.kill()
    await running()
    expect(processes.children).toHaveLength(2)
    expect(broker.state).toBe('running')
    void broker.stop({ handOver: true })
    await running()
    expect(processes.children).toHaveLength(3)
    expect(processes.alive).toHaveLength(1)
  })

  it('fails its start with its own words when it cannot', async () => {
    processes.habits.readyAfterMs = 'never'
    const started = broker.start(COMMAND)
    child().tell({ type: 'failed', message: '/data/broker-1 is not formatted' })
    child().end({ exitCode: 1, signal: null })
    await expect(world.settle(started)).rejects.toThrow('/data/broker-1 is not formatted')
    expect(entered.at(-1)).toBe('died  exit status 1: /data/broker-1 is not formatted')
  })

  it.each([
    [
      'the last complaint',
      '{"level":"error","time":1,"msg":"no space left"}',
      { exitCode: 1, signal: null },
      'exit status 1: no space left',
    ],
    [
      'a crash of the runtime',
      'FATAL ERROR: heap out of memory',
      { exitCode: null, signal: 'SIGABRT' },
      'SIGABRT: FATAL ERROR: heap out of memory',
    ],
    ['no small talk', '{"level":"info","time":1,"msg":"ready"}', { exitCode: 7, signal: null }, 'exit status 7'],
    [
      'no old complaint when somebody killed it',
      '{"level":"error","time":1,"msg":"no space left"}',
      { exitCode: null, signal: 'SIGKILL' },
      'SIGKILL',
    ],
  ])('dies of what it said: %s', async (_, line, end, reason) => {
    await running()
    child().say(line)
    child().end(end)
    expect(entered.at(-1)).toBe(`died  ${reason}`)
  })

  it.each([
    ['stopped', () => broker.stop({ handOver: false })],
    ['killed', () => broker.kill()],
  ])('fails its start when it is %s before it is ready', async (how, end) => {
    processes.habits.readyAfterMs = 'never'
    const started = broker.start(COMMAND)
    started.catch(() => undefined)
    await world.settle(end())
    await expect(started).rejects.toThrow(`The broker was ${how} before it was ready`)
    expect(broker.state).toBe(how)
  })

  it('sleeps only when it runs, and is known to sleep before it does', async () => {
    broker.pause()
    const started = broker.start(COMMAND)
    broker.pause()
    expect(broker.state).toBe('starting')
    await world.settle(started)
    broker.pause()
    expect([broker.state, child().isFrozen]).toEqual(['frozen', true])
    broker.resume()
    broker.resume()
    expect([broker.state, child().isFrozen]).toEqual(['running', false])
  })

  it('is woken to be stopped', async () => {
    await running()
    broker.pause()
    await world.settle(broker.stop({ handOver: true }))
    expect(broker.state).toBe('stopped')
  })

  it('is killed in its sleep', async () => {
    await running()
    broker.pause()
    await world.settle(broker.kill())
    expect(broker.state).toBe('killed')
  })

  it('is woken when it is started', async () => {
    await running()
    broker.pause()
    await running()
    expect(broker.state).toBe('running')
    expect(processes.children).toHaveLength(1)
  })

  it('can be tried again when the system refused to start it', async () => {
    processes.refusal = new Error('EAGAIN')
    await expect(broker.start(COMMAND)).rejects.toThrow('EAGAIN')
    expect(entered).toEqual([])
    processes.refusal = undefined
    await running()
    expect(broker.state).toBe('running')
  })
})
