import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import { LOST_DIRECTORY } from '../../base/uuid.ts'
import { type ErrorName, errorCode } from '../../protocol/errors.ts'
import type { AssignReplicasToDirsRequest, AssignReplicasToDirsResponse } from '../../protocol/messages/assignReplicasToDirs.ts'
import { simulatedWorld, type World } from '../../simulation/world.ts'
import { DirectoryAssignments } from './directoryAssignments.ts'

const TOPIC = 'AQIDBAUGBwgJCgsMDQ4PEA'
const [ONE, OTHER] = ['oneAAAAAAAAAAAAAAAAAAA', 'otherAAAAAAAAAAAAAAAAA']

/** A controller that notes what it is told, and answers as it is told. */
class Controller {
  readonly told: string[][] = []
  readonly world: World = simulatedWorld(1)
  brokerEpoch = 7
  /** Of the whole request, or of each partition; `silence` fails the request. */
  answers: (ErrorName | 'silence')[] = []
  partitionError: (partition: number) => ErrorName = () => 'NONE'
  readonly assignments = new DirectoryAssignments(this.world.env('broker').clock, {
    brokerId: 1,
    brokerEpoch: () => this.brokerEpoch,
    send: (_, request) => this.#take(request),
    logger: silentLogger,
  })

  assign(partition: number, directoryId = ONE, topicId = TOPIC): void {
    this.assignments.assign({ topicId, partition, directoryId })
  }

  async #take({ brokerEpoch, directories }: AssignReplicasToDirsRequest): Promise<AssignReplicasToDirsResponse> {
    const said = directories.flatMap(({ id, topics }) =>
      topics.flatMap(({ partitions }) => partitions.map(({ partitionIndex }) => `${partitionIndex} in ${id.replace(/A+$/, '')}`)),
    )
    this.told.push(brokerEpoch === 7 ? said : [`epoch ${brokerEpoch}`, ...said])
    await new Promise<void>(resolve => void this.world.env('broker').clock.after(5, resolve))
    const answer = this.answers.shift() ?? 'NONE'
    if (answer === 'silence') throw new Error('no answer')
    return {
      throttleTimeMs: 0,
      errorCode: errorCode(answer),
      directories: directories.map(({ id, topics }) => ({
        id,
        topics: topics.map(({ topicId, partitions }) => ({
          topicId,
          partitions: partitions.map(({ partitionIndex }) => ({
            partitionIndex,
            errorCode: errorCode(this.partitionError(partitionIndex)),
          })),
        })),
      })),
    }
  }
}

describe('where replicas are', () => {
  it('is told of all replicas of one turn together, and once', async () => {
    const controller = new Controller()
    controller.assign(0)
    controller.assign(1, OTHER)
    controller.assign(2)
    controller.assign(2)
    await controller.world.run(1000)
    expect(controller.told).toEqual([['0 in one', '2 in one', '1 in other']])
  })

  it('is told in the next request while one is under way, and only the newest word of each', async () => {
    const controller = new Controller()
    controller.assign(0)
    await controller.world.run(1)
    controller.assign(0, OTHER)
    controller.assign(1, OTHER)
    controller.assign(1, LOST_DIRECTORY)
    await controller.world.run(1000)
    expect(controller.told).toEqual([['0 in one'], ['0 in other', '1 in ' + LOST_DIRECTORY]])
  })

  it.each(['silence', 'STALE_BROKER_EPOCH', 'NOT_CONTROLLER'] as const)('is told again after %s', async answer => {
    const controller = new Controller()
    controller.answers = [answer, answer]
    controller.assign(0)
    await controller.world.run(1000)
    expect(controller.told).toEqual([['0 in one'], ['0 in one'], ['0 in one']])
  })

  it('waits for a registration, and goes under its epoch', async () => {
    const controller = new Controller()
    controller.brokerEpoch = -1
    controller.assign(0)
    await controller.world.run(500)
    expect(controller.told).toEqual([])
    controller.brokerEpoch = 9
    await controller.world.run(2000)
    expect(controller.told).toEqual([['epoch 9', '0 in one']])
  })

  it('is told again of those partitions only that were refused, unless they are gone', async () => {
    const controller = new Controller()
    const errors: ErrorName[] = ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_SERVER_ERROR', 'NONE']
    controller.partitionError = partition => errors[partition]!
    for (const partition of [0, 1, 2]) controller.assign(partition)
    await controller.world.run(10)
    errors[1] = 'NONE'
    await controller.world.run(1000)
    expect(controller.told).toEqual([['0 in one', '1 in one', '2 in one'], ['1 in one']])
  })

  it('is not told of a replica that is none any more', async () => {
    const controller = new Controller()
    controller.answers = ['silence']
    controller.assign(0)
    controller.assign(1)
    await controller.world.run(8)
    controller.assignments.forget({ topicId: TOPIC, partition: 0 })
    await controller.world.run(1000)
    expect(controller.told).toEqual([['0 in one', '1 in one'], ['1 in one']])
  })

  it('is told of thousands in several requests', async () => {
    const controller = new Controller()
    for (let partition = 0; partition < 3000; partition++) controller.assign(partition)
    await controller.world.run(1000)
    expect(controller.told.map(each => each.length)).toEqual([2250, 750])
  })

  it('is told to nobody once stopped', async () => {
    const controller = new Controller()
    controller.answers = ['silence']
    controller.assign(0)
    await controller.world.run(8)
    controller.assignments.stop()
    await controller.world.run(5000)
    expect(controller.told).toHaveLength(1)
  })
})
