import { describe, expect, it } from 'vitest'
import { filesOf } from '../dump/builders.ts'
import type { ReadableFiles } from '../dump/items.ts'
import { aCopy, batchesOf, changed, created, leaderChange, registered } from './builders.ts'
import { MetadataLogReader } from './metadataLogReader.ts'

const places = [1, 2, 3].map(brokerId => ({ brokerId, directory: `/broker-${brokerId}` }))
const all = { types: [], topic: '', brokerId: null }

/** Files that a test changes while they are read. */
function aDisk(content: Record<string, Buffer>) {
  const disk = { content }
  const now = () => filesOf(disk.content)
  const files: ReadableFiles = { open: path => now().open(path), stat: path => now().stat(path), list: path => now().list(path) }
  let leaderId: number | null = null
  const reader = new MetadataLogReader(files, () => ({ places, leaderId }))
  const offsets = async () => (await reader.refresh())?.timeline.matching(all).map(({ offset }) => offset)
  return { disk, reader, offsets, lead: (id: number) => (leaderId = id) }
}

const beginning = batchesOf([[registered(1), registered(2)], created])

describe('the metadata log on the disks of this machine', () => {
  it('is nothing where no broker has one', async () => {
    expect(await aDisk({}).reader.refresh()).toBeUndefined()
  })

  it('is read from the disk of the one who leads, and from the longest of the latest epoch when nobody does', async () => {
    const { reader, lead } = aDisk({
      ...aCopy('/broker-1', { 0: Buffer.concat([beginning, batchesOf([[changed({ isr: [1] })]], { baseOffset: 4 })]) }),
      ...aCopy('/broker-2', { 0: beginning }, { epoch: 2 }),
      ...aCopy('/broker-3', { 0: batchesOf([[registered(1)]]) }, { epoch: 2 }),
    })
    expect((await reader.refresh())?.brokerId).toBe(2)
    lead(3)
    expect((await reader.refresh())?.brokerId).toBe(3)
  })

  it('is followed as it grows, over the edges of segments, and a batch is not looked at before it is whole', async () => {
    const { disk, reader, offsets } = aDisk(aCopy('/broker-1', { 0: beginning }))
    expect(await offsets()).toEqual([0, 1, 2, 3])
    const next = batchesOf([[changed({ leader: 2 })]], { baseOffset: 4 })
    disk.content = aCopy('/broker-1', { 0: Buffer.concat([beginning, next.subarray(0, 80)]) })
    expect(await offsets()).toEqual([0, 1, 2, 3])
    expect((await reader.refresh())?.problem).toMatch('torn')
    disk.content = aCopy('/broker-1', { 0: Buffer.concat([beginning, next]) })
    expect(await offsets()).toEqual([0, 1, 2, 3, 4])
    const before = await reader.refresh()
    disk.content = aCopy('/broker-1', { 0: Buffer.concat([beginning, next]), 5: leaderChange(2, 5, 2) })
    expect(await offsets()).toEqual([0, 1, 2, 3, 4, 5])
    expect((await reader.refresh())?.generation).toBe(before?.generation)
  })

  it('is read anew when it was cut', async () => {
    const { disk, reader, offsets } = aDisk(aCopy('/broker-1', { 0: Buffer.concat([beginning, leaderChange(1, 4, 1)]) }))
    const before = await reader.refresh()
    disk.content = aCopy('/broker-1', { 0: beginning })
    expect(await offsets()).toEqual([0, 1, 2, 3])
    expect((await reader.refresh())?.generation).not.toBe(before?.generation)
  })

  it('begins with a snapshot where the first records are gone', async () => {
    const snapshot = { endOffset: 4, epoch: 1, records: [registered(1), registered(2), ...created] }
    const { reader } = aDisk(
      aCopy('/broker-1', { 3: batchesOf([[{ type: 'NoOpRecord' }], [changed({ leader: 2 })]], { baseOffset: 3 }) }, { snapshot }),
    )
    const { timeline } = (await reader.refresh())!
    expect(timeline.extent()).toMatchObject({ firstOffset: 4, entries: 1, before: { endOffset: 4, why: 'snapshot' } })
    expect(timeline.matching(all)[0]!.says).toEqual([{ kind: 'leaderMoved', values: { from: 1, to: 2, epoch: 1 } }])
  })

  it('ends where it is damaged, with what was before', async () => {
    const damaged = Buffer.concat([beginning, leaderChange(1, 4, 1)])
    damaged[damaged.length - 1]! ^= 1
    const { reader, offsets } = aDisk(aCopy('/broker-1', { 0: damaged }))
    expect(await offsets()).toEqual([0, 1, 2, 3])
    expect((await reader.refresh())?.problem).toMatch('offset 4 is damaged')
  })
})
