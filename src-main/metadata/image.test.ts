import { describe, expect, it } from 'vitest'
import { LOST_DIRECTORY, MIGRATING_DIRECTORY, UNASSIGNED_DIRECTORY } from '../base/uuid.ts'
import { aBroker, anImage, aPartition, uuidOf } from './builders.ts'

const [works, other] = [uuidOf('works'), uuidOf('other')]

describe('a replica', () => {
  const inFolder = (directory: string) => aPartition({ replicas: [2, 1], directories: [UNASSIGNED_DIRECTORY, directory] })

  it.each([
    { where: 'in a folder that works', directory: works, isOnline: true },
    { where: 'in a folder that is not known yet', directory: UNASSIGNED_DIRECTORY, isOnline: true },
    { where: 'in a folder that was not asked for yet', directory: MIGRATING_DIRECTORY, isOnline: true },
    { where: 'lost', directory: LOST_DIRECTORY, isOnline: false },
    { where: 'in a folder that failed, or that nobody has any more', directory: uuidOf('gone'), isOnline: false },
    { where: "in another broker's folder", directory: uuidOf('directory-2'), isOnline: false },
  ])('$where is online: $isOnline', ({ directory, isOnline }) => {
    const image = anImage({ brokers: [aBroker(1, { directories: [works, other] }), aBroker(2)] })
    expect(image.isOnline(inFolder(directory), 1)).toBe(isOnline)
  })

  it.each([{ fenced: true }, { inControlledShutdown: true }])('of a broker that is $0 is offline, wherever it is', given => {
    const image = anImage({ brokers: [aBroker(1, { directories: [works], ...given })] })
    expect(image.isOnline(inFolder(works), 1)).toBe(false)
    expect(image.hasOnlineDirectory(inFolder(works), 1)).toBe(true)
  })

  it('of a broker whose folders nobody knows is online, unless it is lost', () => {
    const image = anImage({ brokers: [aBroker(1, { directories: [] })] })
    expect(image.isOnline(inFolder(works), 1)).toBe(true)
    expect(image.isOnline(inFolder(LOST_DIRECTORY), 1)).toBe(false)
  })

  it('that there is not is offline', () => {
    expect(anImage().isOnline(inFolder(works), 3)).toBe(false)
    expect(anImage({ brokers: [] }).isOnline(inFolder(works), 1)).toBe(false)
  })
})

it.each([
  { given: 'one folder', directories: [works], becomes: works },
  { given: 'two folders', directories: [works, other], becomes: UNASSIGNED_DIRECTORY },
  { given: 'folders that nobody knows', directories: [], becomes: UNASSIGNED_DIRECTORY },
])('a new replica of a broker with $given', ({ directories, becomes }) => {
  expect(anImage({ brokers: [aBroker(1, { directories })] }).directoryOfNewReplica(1)).toBe(becomes)
})
