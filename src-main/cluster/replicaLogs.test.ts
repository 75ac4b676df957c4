import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Uuid } from '../base/uuid.ts'
import type { Disk } from '../env/env.ts'
import { encodeOffsetCheckpoint } from '../protocol/files/checkpoints.ts'
import { encodePartitionMetadata, PARTITION_METADATA_FILE } from '../protocol/files/partitionMetadata.ts'
import { simulatedWorld, type World } from '../simulation/world.ts'
import { replicaLogs } from './replicaLogs.ts'

const NEW = 'AAAAAAAAAAAAAAAAAAAAAQ' as Uuid
const OLD = 'AAAAAAAAAAAAAAAAAAAAAg' as Uuid
const brokers = [1, 2, 3].map(brokerId => ({ brokerId, directories: [`/broker-${brokerId}`] }))

let world: World
let disk: Disk
beforeEach(() => {
  world = simulatedWorld(1)
  disk = world.env('host').disk
})
afterEach(() => world.close())

async function replica(
  brokerId: number,
  { highWatermark, topicId = NEW, segments = [0] }: { highWatermark: number; topicId?: Uuid; segments?: number[] },
) {
  const folder = `/broker-${brokerId}/orders-0`
  await world.settle(disk.makeDirectory(folder))
  await world.settle(disk.replaceFile(`${folder}/${PARTITION_METADATA_FILE}`, encodePartitionMetadata({ topicId })))
  for (const base of segments) await world.settle(disk.replaceFile(`${folder}/${String(base).padStart(20, '0')}.log`, Buffer.alloc(10)))
  await world.settle(disk.replaceFile(`${folder}/00000000000000000000.log.deleted`, Buffer.alloc(10)))
  const checkpoint = encodeOffsetCheckpoint([{ topic: 'orders', partition: 0, offset: highWatermark }])
  await world.settle(disk.replaceFile(`/broker-${brokerId}/replication-offset-checkpoint`, checkpoint))
}

const found = (living: Parameters<typeof replicaLogs>[3] = []) => world.settle(replicaLogs(disk, brokers, 'orders', living))

describe('the committed log of a partition on this machine', () => {
  it('is the one of the replica that knows most to be committed of its own', async () => {
    await replica(1, { highWatermark: 50 })
    await replica(2, { highWatermark: 70, segments: [0, 40] })
    await replica(3, { highWatermark: 60 })
    expect(await found()).toMatchObject([
      { partition: 0, brokerId: 2, logStartOffset: 0, highWatermark: 70, segments: [{ baseOffset: 0, size: 10 }, { baseOffset: 40 }] },
    ])
  })

  it('is the living leader’s where that knows more than anybody has written down', async () => {
    await replica(1, { highWatermark: 50 })
    await replica(2, { highWatermark: 70 })
    const living = [{ topic: 'orders', partition: 0, leader: 1, highWatermark: 90 }]
    expect(await found(living)).toMatchObject([{ brokerId: 1, highWatermark: 90 }])
    expect(await found([{ ...living[0]!, leader: null }])).toMatchObject([{ brokerId: 2, highWatermark: 70 }])
  })

  it('is not that of a topic of the same name that was deleted while its broker slept', async () => {
    await replica(1, { highWatermark: 50 })
    await replica(2, { highWatermark: 50 })
    await replica(3, { highWatermark: 900, topicId: OLD })
    expect(await found()).toMatchObject([{ highWatermark: 50 }])
  })

  it('begins where records were deleted up to, or where its first file does', async () => {
    await replica(1, { highWatermark: 50, segments: [20, 30] })
    expect(await found()).toMatchObject([{ logStartOffset: 20 }])
    await world.settle(
      disk.replaceFile('/broker-1/log-start-offset-checkpoint', encodeOffsetCheckpoint([{ topic: 'orders', partition: 0, offset: 33 }])),
    )
    expect(await found()).toMatchObject([{ logStartOffset: 33 }])
  })

  it('has nothing committed where nobody has written down what is, and is not there where nothing is', async () => {
    await replica(1, { highWatermark: 50 })
    await world.settle(disk.replaceFile('/broker-1/replication-offset-checkpoint', Buffer.from('0\n1\norders')))
    expect(await found()).toMatchObject([{ highWatermark: 0 }])
    expect(await world.settle(replicaLogs(disk, brokers, 'others', []))).toEqual([])
  })
})
