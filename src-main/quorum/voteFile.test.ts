import { describe, expect, it } from 'vitest'
import { simulatedWorld } from '../simulation/world.ts'
import { aVoter } from './builders.ts'
import { VoteFile } from './voteFile.ts'

const DIRECTORY = '/data/__cluster_metadata-0'
const PATH = `${DIRECTORY}/quorum-state`
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1)

async function aDisk(seed = 1) {
  const world = simulatedWorld(seed)
  await world.settle(world.env('voter').disk.makeDirectory(DIRECTORY))
  return { world, file: () => new VoteFile(world.env('voter'), DIRECTORY) }
}

describe('the quorum-state file', () => {
  it('is Kafka’s version 1: one line of JSON', async () => {
    const { world, file } = await aDisk()
    await world.settle(file().write({ epoch: 7, votedFor: aVoter(1), leaderId: undefined }))
    expect(world.disk('voter').files().get(`${DIRECTORY}/quorum-state`)?.toString()).toBe(
      '{"leaderId":-1,"leaderEpoch":7,"votedId":1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}',
    )
  })

  it.each([
    { epoch: 7, votedFor: undefined, leaderId: 2 },
    { epoch: 8, votedFor: { id: 3, directoryId: 'directoryOfVoter3AAAAA' }, leaderId: undefined },
  ])('outlives a power failure (%o)', async vote => {
    const { world, file } = await aDisk()
    await world.settle(file().write(vote))
    world.crash('voter', { loseUnsynced: true })
    expect(await world.settle(file().read())).toEqual(vote)
  })

  it.each(SEEDS)('outlives a power failure in the next life of who cast it (seed %i)', async seed => {
    const vote = { epoch: 8, votedFor: { id: 3, directoryId: 'directoryOfVoter3AAAAA' }, leaderId: undefined }
    const { world, file } = await aDisk(seed)
    await world.settle(file().write({ ...vote, epoch: 7 }))
    // As when the process ends between the rename and the sync of the folder.
    const { disk } = world.env('voter')
    await world.settle(disk.replaceFile('/other', world.disk('voter').files().get(PATH)!))
    await world.settle(file().write(vote))
    await world.settle(disk.replaceFile(`${PATH}.tmp`, world.disk('voter').files().get(PATH)!))
    await world.settle(disk.rename('/other', PATH))
    await world.settle(disk.syncDirectory(DIRECTORY))
    await world.settle(disk.rename(`${PATH}.tmp`, PATH))
    world.crash('voter')
    expect(await world.settle(file().restore())).toEqual(vote)
    world.crash('voter', { loseUnsynced: true })
    expect(await world.settle(file().read())).toEqual(vote)
  })

  it('is restored on a full disk, too', async () => {
    const { world, file } = await aDisk()
    await world.settle(file().write({ epoch: 7, votedFor: undefined, leaderId: 2 }))
    const disk = world.disk('voter')
    disk.capacityBytes = disk.usedBytes
    expect(await world.settle(file().restore())).toEqual({ epoch: 7, votedFor: undefined, leaderId: 2 })
  })

  it('reads what a static quorum of Kafka left, version 0', async () => {
    const { world, file } = await aDisk()
    const kafka =
      '{"clusterId":"","leaderId":1,"leaderEpoch":4,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0}'
    await world.settle(world.env('voter').disk.replaceFile(`${DIRECTORY}/quorum-state`, Buffer.from(kafka)))
    expect(await world.settle(file().read())).toEqual({ epoch: 4, votedFor: undefined, leaderId: 1 })
  })

  it('gives no vote that was not cast when it was cut off, or a byte of it is another', async () => {
    const vote = { epoch: 8, votedFor: { id: 3, directoryId: 'directoryOfVoter3AAAAA' }, leaderId: undefined }
    const { world, file } = await aDisk()
    await world.settle(file().write(vote))
    const whole = world.disk('voter').files().get(`${DIRECTORY}/quorum-state`)!
    const read = async (bytes: Buffer) => {
      world.disk('voter').put(`${DIRECTORY}/quorum-state`, bytes)
      return world.settle(
        file()
          .read()
          .catch((problem: unknown) => problem),
      )
    }
    for (let length = 0; length < whole.length; length++) {
      expect(await read(whole.subarray(0, length))).toMatchObject({ code: 'EIO', path: `${DIRECTORY}/quorum-state` })
    }
    for (let at = 0; at < whole.length; at++) {
      for (const mask of [1, 0x80, 0xff]) {
        const bytes = Buffer.from(whole)
        bytes[at]! ^= mask
        const found = await read(bytes)
        // Another digit is another number, and there is no checksum; but what is no vote is never taken for one.
        if (found instanceof Error) expect(found).toMatchObject({ code: 'EIO' })
        else expect(/[\d\-A-Za-z]/.test(String.fromCharCode(whole[at]!)), `byte ${at}`).toBe(true)
      }
    }
  })

  it('is not there at the first start', async () => {
    const { world, file } = await aDisk()
    expect(await world.settle(file().read())).toBeUndefined()
  })

  it.each(['', '{', '[]', '{"leaderId":1}', '{"leaderId":1,"leaderEpoch":1,"votedId":1,"votedDirectoryId":"?"}'])(
    'that cannot be understood is never taken for none: %s',
    async text => {
      const { world, file } = await aDisk()
      await world.settle(world.env('voter').disk.replaceFile(`${DIRECTORY}/quorum-state`, Buffer.from(text)))
      await expect(world.settle(file().read())).rejects.toThrow('cannot be understood')
    },
  )
})
