import { describe, expect, it } from 'vitest'
import type { Disk } from '../env/env.ts'
import { type World, simulatedWorld } from '../simulation/world.ts'
import { FilePool } from './filePool.ts'

const NODE = 'broker-1'
const CAPACITY = 10

/** A pool of a few handles, and how many of them are open. */
async function aPool(): Promise<{ world: World; pool: FilePool; open: () => number }> {
  const world = simulatedWorld(1)
  const { disk } = world.env(NODE)
  await world.settle(disk.makeDirectory('/data'))
  let open = 0
  const counted: Disk = {
    ...disk,
    open: async (path, options) => {
      const file = await disk.open(path, options)
      open += 1
      const close = () => {
        open -= 1
        return file.close()
      }
      return { ...file, close }
    },
  }
  return { world, pool: new FilePool(counted, CAPACITY), open: () => open }
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `/data/file-${index}`)

describe('a pool of files', () => {
  it('keeps no more open than it may when many are read', async () => {
    const { world, pool, open } = await aPool()
    const files = names(50).map(path => pool.file(path, false))
    for (const file of files) await world.settle(file.append([Buffer.from(file.path)]))
    for (const file of files) await world.settle(file.sync())
    for (const file of files.toReversed()) {
      expect((await world.settle(file.read(0, 100))).toString()).toBe(file.path)
      expect(open()).toBeLessThanOrEqual(CAPACITY)
    }
  })

  it('syncs what was written before it closes it', async () => {
    const { world, pool, open } = await aPool()
    const files = names(50).map(path => pool.file(path, false))
    for (const file of files) await world.settle(file.append([Buffer.from(file.path)]))
    await world.run(1_000)
    expect(open()).toBeLessThanOrEqual(CAPACITY)
    world.crash(NODE, { loseUnsynced: true })
    const left = world.disk(NODE).files()
    for (const path of names(50 - CAPACITY)) expect(left.get(path)?.toString()).toBe(path)
  })

  it('closes what many had open at once, when they are done with it', async () => {
    const { world, pool, open } = await aPool()
    const files = names(50).map(path => pool.file(path, false))
    await world.settle(Promise.all(files.map(file => file.append([Buffer.from(file.path)]))))
    await world.run(1_000)
    expect(open()).toBeLessThanOrEqual(CAPACITY)
  })

  it('tells of a sync that failed whoever writes or syncs next', async () => {
    const { world, pool } = await aPool()
    const files = names(50).map(path => pool.file(path, false))
    world.disk(NODE).faults.add({ operations: ['sync'], path: path => path.endsWith('file-3'), code: 'EIO', times: 1 })
    for (const file of files) await world.settle(file.append([Buffer.from(file.path)]))
    await world.run(1_000)
    await expect(world.settle(files[3]!.append([Buffer.from('more')]))).rejects.toMatchObject({ code: 'EIO' })
    await expect(world.settle(files[3]!.sync())).rejects.toMatchObject({ code: 'EIO' })
    await world.settle(files[4]!.append([Buffer.from('more')]))
    await world.settle(files[4]!.sync())
  })
})
