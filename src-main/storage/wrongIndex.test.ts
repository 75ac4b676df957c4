import { describe, expect, it } from 'vitest'
import { baseOffset } from '../protocol/records/batch.ts'
import { type World, simulatedWorld } from '../simulation/world.ts'
import { SOME_TIME, aBatch, openLog } from './builders.ts'
import type { PartitionLog } from './partitionLog.ts'

const NODE = 'broker-1'
const BATCHES = 60
const config = { indexIntervalBytes: 300, segmentBytes: 4000 }

const orders = {
  rising: (at: number) => SOME_TIME + at * 10,
  'in no order': (at: number) => SOME_TIME + ((at * 7919) % 41) * 10,
}

const damages = {
  'a byte changed': (bytes: Buffer) =>
    [...bytes.keys()].map(at => {
      const changed = Buffer.from(bytes)
      changed[at]! ^= at % 3 === 0 ? 0xff : 1 << (at % 8)
      return changed
    }),
  'its end cut off': (bytes: Buffer) => [...bytes.keys()].map(length => bytes.subarray(0, length)),
}

/** What a closed log leaves on the disk. */
async function filesOf(timestampOf: (at: number) => number): Promise<ReadonlyMap<string, Buffer>> {
  const world = simulatedWorld(1)
  const log = await world.settle(openLog(world.env(NODE), { config }))
  for (let at = 0; at < BATCHES; at++) {
    const result = log.append(aBatch({ timestamp: timestampOf(at), valueBytes: 60 }), { leaderEpoch: 0, origin: 'client' })
    if (result.error === 'NONE') await world.settle(result.written)
  }
  await world.settle(log.close())
  return new Map(world.disk(NODE).files())
}

async function openedOn(files: ReadonlyMap<string, Buffer>): Promise<{ world: World; log: PartitionLog }> {
  const world = simulatedWorld(1)
  const { disk } = world.env(NODE)
  await world.settle(disk.makeDirectory('/data/topic-0'))
  for (const [path, bytes] of files) await world.settle(disk.replaceFile(path, bytes))
  const options = { config, cleanShutdown: true, recoveryPoint: BATCHES, highWatermark: BATCHES }
  return { world, log: await world.settle(openLog(world.env(NODE), options)) }
}

describe.each(Object.entries(orders))('a log whose timestamps are %s', (_, timestampOf) => {
  const all = Array.from({ length: BATCHES }, (_, at) => timestampOf(at))
  const firstFrom = (timestamp: number) => {
    const at = all.findIndex(each => each >= timestamp)
    return at === -1 ? undefined : at
  }

  it.each(Object.entries(damages))('answers truly from an index with %s', async (_, variantsOf) => {
    const files = await filesOf(timestampOf)
    const indexes = [...files].filter(([path]) => /index$/.test(path))
    expect(indexes.length).toBeGreaterThan(3)
    for (const [path, bytes] of indexes) {
      for (const [variant, damaged] of variantsOf(bytes).entries()) {
        const { world, log } = await openedOn(new Map([...files, [path, damaged]]))
        const name = `${path}, variant ${variant}`
        expect(log.logEndOffset, name).toBe(BATCHES)
        for (const timestamp of [...new Set(all)].filter((_, at) => at % 5 === 0)) {
          expect((await world.settle(log.offsetForTimestamp(timestamp)))?.offset, `${name}, ${timestamp}`).toBe(firstFrom(timestamp))
        }
        for (let offset = 0; offset < BATCHES; offset += 7) {
          const read = await world.settle(log.read(offset, { maxBytes: 300, upTo: BATCHES, atLeastOneBatch: true }))
          expect(read.error === 'NONE' && baseOffset(read.records), `${name}, offset ${offset}`).toBe(offset)
        }
        expect((await world.settle(log.maxTimestamp()))?.offset, name).toBe(firstFrom(Math.max(...all)))
      }
    }
  })
})
