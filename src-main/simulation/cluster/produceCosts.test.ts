import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AWrittenTopic } from './aWrittenTopic.ts'

const LARGE = 50_000

/** Whether the simulated machine called what made this stack, or Node itself. */
function isOfSimulation(stack: string | undefined): boolean {
  const [, , caller = ''] = stack?.split('\n') ?? []
  return caller.includes('/simulation/') || caller.includes('node:')
}

/**
 * What a batch costs that three brokers have when it is acknowledged, in figures that do not depend on the machine: a guard for speed that needs no clock.
 * Where one of them falls for a good reason, the bound falls with it.
 */
describe('a batch of which three brokers have a copy', () => {
  let topic: AWrittenTopic
  const write = (...what: Parameters<AWrittenTopic['write']>) => topic.write(...what)

  beforeEach(async () => {
    topic = await AWrittenTopic.begin()
  })
  afterEach(() => topic.cluster.close())

  /** How many events of each kind a batch takes, the metadata log's left out. */
  async function eventsOf(batches: number, inFlight: number): Promise<{ appends: number; reads: number; amongBrokers: number }> {
    const counts = { appends: 0, reads: 0, amongBrokers: 0 }
    topic.cluster.world.onEvent((_, label) => {
      if (/^append \S+ \S*\/orders-0\/\d+\.log$/.test(label)) counts.appends += 1
      if (/^read \S+ \S*\/orders-0\//.test(label)) counts.reads += 1
      if (/^data broker\d→broker\d /.test(label)) counts.amongBrokers += 1
    })
    await write(batches, inFlight)
    topic.cluster.world.onEvent(() => {})
    return { appends: counts.appends / batches, reads: counts.reads / batches, amongBrokers: counts.amongBrokers / batches }
  }

  it('takes one write of each of them and no read, and a question and an answer of each follower', async () => {
    const alone = await eventsOf(200, 1)
    expect(alone).toMatchObject({ appends: 3, reads: 0 })
    expect(alone.amongBrokers).toBeLessThan(4.4) // some of them arrive in two pieces, and there are heartbeats
  })

  it('shares them with the batches that its producer sends without waiting', async () => {
    const together = await eventsOf(400, 8)
    expect(together.reads).toBe(0)
    expect(together.appends).toBeLessThan(1.1)
    expect(together.amongBrokers).toBeLessThan(1.3)
  })

  it('is copied out of what all connections read to by each of them, and once for those who read along', async () => {
    let copied = 0
    const { copy } = Buffer.prototype
    Buffer.prototype.copy = function (this: Buffer, target: Uint8Array, ...where: number[]) {
      const count = copy.call(this, target, ...where)
      if (!isOfSimulation(new Error().stack)) copied += count
      return count
    }
    try {
      await write(200, 1)
    } finally {
      Buffer.prototype.copy = copy
    }
    // With all that stands around a value of a thousand bytes in four messages. Of a large frame only the beginning is copied when it arrives, see `FrameReader`.
    expect(copied / 200 / AWrittenTopic.valueBytes).toBeLessThan(5)
  })

  it('passes through memory that was there before', async () => {
    await write(40, 4, LARGE)
    let taken = 0
    const { allocUnsafe, allocUnsafeSlow } = Buffer
    const counted = (allocate: typeof allocUnsafe) => (size: number) => {
      if (size >= LARGE / 4 && !isOfSimulation(new Error().stack)) taken += size
      return allocate(size)
    }
    Buffer.allocUnsafe = counted(allocUnsafe)
    Buffer.allocUnsafeSlow = counted(allocUnsafeSlow)
    try {
      await write(200, 4, LARGE)
    } finally {
      Object.assign(Buffer, { allocUnsafe, allocUnsafeSlow })
    }
    expect(taken / 200 / LARGE).toBeLessThan(0.1)
  })
})
