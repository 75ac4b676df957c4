import { expect, it } from 'vitest'
import { errorName } from '../../protocol/errors.ts'
import { FindCoordinator } from '../../protocol/messages/findCoordinator.ts'
import { OffsetCommit } from '../../protocol/messages/offsetCommit.ts'
import { OffsetFetch } from '../../protocol/messages/offsetFetch.ts'
import { AClient } from './aClient.ts'
import { SimulatedCluster } from './simulatedCluster.ts'

const TOPIC = 'orders'

it.each([
  { seed: 1, cutMs: 3000 },
  { seed: 2, cutMs: 3000 },
  { seed: 3, cutMs: 0 },
  { seed: 4, cutMs: 0 },
])('a coordinator beside a controller that was replaced tells no offset that its successor moved (%o)', async ({ seed, cutMs }) => {
  const cluster = new SimulatedCluster({ seed })
  const { world } = cluster
  await world.settle(cluster.start())
  await new AClient(cluster).createTopic(TOPIC)

  async function coordinatorOf(groupId: string, asked: number): Promise<number> {
    const { coordinators } = await world.settle(cluster.ask(asked, FindCoordinator, { keyType: 0, coordinatorKeys: [groupId] }))
    return coordinators[0]!.nodeId
  }
  async function commit(groupId: string, committedOffset: number, to: number): Promise<string> {
    const topics = [{ name: TOPIC, partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: '' }] }]
    const answer = await world.settle(cluster.ask(to, OffsetCommit, { groupId, memberId: '', topics }))
    return errorName(answer.topics[0]!.partitions[0]!.errorCode)
  }
  async function told(groupId: string, by: number): Promise<number | string> {
    const topics = [{ name: TOPIC, partitionIndexes: [0] }]
    const { groups } = await world.settle(cluster.ask(by, OffsetFetch, { groups: [{ groupId, topics }] }))
    return groups[0]!.topics[0]?.partitions[0]?.committedOffset ?? errorName(groups[0]!.errorCode)
  }

  await coordinatorOf('any', 1)
  await world.run(() => cluster.isInSync && cluster.leaderOf('__consumer_offsets', 0) !== undefined)
  const controller = cluster.brokers.find(each => each.server!.quorum.role === 'leader')!
  const others = cluster.brokers.filter(each => each !== controller)
  let group = 'group'
  while ((await coordinatorOf(group, 1)) !== controller.id) group += '!'
  while ((await commit(group, 1, controller.id)) !== 'NONE') await world.run(50)
  expect(await told(group, controller.id)).toBe(1)

  for (const { name } of others) world.cut(controller.name, name)
  let successor = controller.id
  while (successor === controller.id || successor < 0 || (await commit(group, 2, successor)) !== 'NONE') {
    await world.run(20)
    successor = await coordinatorOf(group, others[0]!.id)
  }
  expect(await told(group, successor)).toBe(2)
  const healedMs = world.elapsed + cutMs
  for (let isCut = true; world.elapsed < healedMs + 1000;) {
    expect(await told(group, controller.id)).not.toBe(1)
    if (isCut && world.elapsed >= healedMs) {
      world.heal()
      isCut = false
    }
    await world.run(isCut ? 30 : 1)
  }
  cluster.close()
})
