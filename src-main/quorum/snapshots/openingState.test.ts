import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import { snapshotFileName } from '../../protocol/files/fileNames.ts'
import { encodeMetadataRecord, type MetadataRecordInput } from '../../protocol/messages/metadataRecords.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { type LogMedium, MemoryLog } from '../../simulation/quorum/memoryLog.ts'
import { simulatedWorld } from '../../simulation/world.ts'
import { openingState } from './openingState.ts'
import { snapshotContent } from './snapshotContent.ts'
import { SnapshotFiles } from './snapshotFiles.ts'

const DIRECTORY = '/data/__cluster_metadata-0'
const aConfig = (value: string): MetadataRecordInput => ({ type: 'ConfigRecord', resourceType: 2, resourceName: 'topic', name: 'n', value })

/** One record in each batch, of the epochs given. */
function aMedium({ base = 0, epochs }: { readonly base?: number; readonly epochs: readonly number[] }): LogMedium {
  const batches = epochs.map((leaderEpoch, index) =>
    buildBatch({
      baseOffset: base + index,
      leaderEpoch,
      records: [{ key: null, value: encodeMetadataRecord(aConfig('v')), timestamp: 1 }],
    }),
  )
  return { batches, synced: batches.length, base }
}

/** What a start makes of a log, of snapshots by their end and epoch, and of other files. */
async function started(given: {
  readonly log: LogMedium
  readonly snapshots?: readonly { readonly endOffset: number; readonly epoch: number; readonly isDamaged?: boolean }[]
  readonly others?: readonly string[]
}) {
  const world = simulatedWorld(1)
  const env = world.env('voter')
  const log = new MemoryLog(env, given.log)
  const files = new SnapshotFiles(env, DIRECTORY, silentLogger)
  const run = async () => {
    await env.disk.makeDirectory(DIRECTORY)
    for (const { endOffset, epoch, isDamaged = false } of given.snapshots ?? []) {
      const content = Buffer.concat([...snapshotContent([aConfig(`up to ${endOffset}`)], { epoch, timestamp: 1 })])
      if (isDamaged) content[content.length - 1]! ^= 1
      await env.disk.replaceFile(`${DIRECTORY}/${snapshotFileName({ endOffset, epoch })}`, content)
    }
    for (const name of given.others ?? []) await env.disk.replaceFile(`${DIRECTORY}/${name}`, Buffer.from('x'))
    const snapshot = await openingState(log, files, silentLogger)
    const names = (await env.disk.list(DIRECTORY)).map(each => each.name)
    return {
      snapshot: snapshot?.endOffset,
      records: snapshot?.records,
      start: log.logStartOffset,
      end: log.logEndOffset,
      names: names.sort(),
    }
  }
  try {
    return await world.settle(run())
  } finally {
    world.close()
  }
}

describe('a start', () => {
  it('replays the whole log while there is no snapshot', async () => {
    expect(await started({ log: aMedium({ epochs: [1, 1, 2] }) })).toMatchObject({ snapshot: undefined, start: 0, end: 3 })
  })

  it('goes on from the newest snapshot, in the midst of the log', async () => {
    const { snapshot, records, start, end } = await started({
      log: aMedium({ epochs: [1, 1, 2, 2, 3] }),
      snapshots: [
        { endOffset: 2, epoch: 1 },
        { endOffset: 4, epoch: 2 },
      ],
    })
    expect({ snapshot, start, end }).toEqual({ snapshot: 4, start: 0, end: 5 })
    expect(records).toMatchObject([{ value: 'up to 4' }])
  })

  it('lets the log begin where a snapshot ends, when its beginning is gone, and drops what leads nowhere', async () => {
    const given = {
      log: aMedium({ base: 3, epochs: [2, 2, 3] }),
      snapshots: [
        { endOffset: 2, epoch: 1 },
        { endOffset: 4, epoch: 2 },
        { endOffset: 5, epoch: 2 },
      ],
    }
    const { snapshot, start, end, names } = await started(given)
    expect({ snapshot, start, end }).toEqual({ snapshot: 5, start: 4, end: 6 })
    expect(names).toEqual([snapshotFileName({ endOffset: 4, epoch: 2 }), snapshotFileName({ endOffset: 5, epoch: 2 })])
  })

  it.each([
    { given: 'ends before the snapshot', log: aMedium({ epochs: [1, 1] }) },
    { given: 'goes on, but as another history', log: aMedium({ epochs: [1, 1, 1, 1, 1] }) },
    { given: 'is empty', log: aMedium({ epochs: [] }) },
  ])('begins the log anew behind the snapshot when the log $given', async ({ log }) => {
    expect(await started({ log, snapshots: [{ endOffset: 4, epoch: 2 }] })).toMatchObject({ snapshot: 4, start: 4, end: 4 })
  })

  it('takes away what was being written or fetched, and leaves the first records of Kafka where they are', async () => {
    const first = snapshotFileName({ endOffset: 0, epoch: 0 })
    const { names, snapshot } = await started({
      log: aMedium({ epochs: [1] }),
      others: [`${snapshotFileName({ endOffset: 9, epoch: 2 })}.part`, `${snapshotFileName({ endOffset: 7, epoch: 2 })}.deleted`, first],
    })
    expect({ names, snapshot }).toEqual({ names: [first], snapshot: undefined })
  })
})

describe('a damaged snapshot', () => {
  const log = () => aMedium({ epochs: [1, 1, 2, 2, 3] })

  it('gives way to the one before it, and the log', async () => {
    const older = { endOffset: 2, epoch: 1 }
    const { snapshot, names } = await started({ log: log(), snapshots: [older, { endOffset: 4, epoch: 2, isDamaged: true }] })
    expect({ snapshot, names }).toEqual({ snapshot: 2, names: [snapshotFileName(older)] })
  })

  it('gives way to the log alone', async () => {
    const { snapshot, start } = await started({ log: log(), snapshots: [{ endOffset: 4, epoch: 2, isDamaged: true }] })
    expect({ snapshot, start }).toEqual({ snapshot: undefined, start: 0 })
  })

  it('ends the start when the log has nothing that could stand in for it', async () => {
    const damaged = { endOffset: 4, epoch: 2, isDamaged: true }
    await expect(started({ log: aMedium({ base: 4, epochs: [3] }), snapshots: [damaged] })).rejects.toThrow('there is no snapshot')
    await expect(started({ log: aMedium({ epochs: [1] }), snapshots: [damaged] })).rejects.toThrow('the log does not reach as far')
  })
})
