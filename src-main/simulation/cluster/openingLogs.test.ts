import { expect, it } from 'vitest'
import { IncrementalAlterConfigs } from '../../protocol/messages/incrementalAlterConfigs.ts'
import { AClient } from './aClient.ts'
import { SimulatedCluster } from './simulatedCluster.ts'

const PARTITIONS = 6

it.each([4, 5, 10])('logs that are being opened while their topic is configured have the new config, too (seed %i)', async seed => {
  const cluster = new SimulatedCluster({ seed })
  const client = new AClient(cluster)
  const { world } = cluster
  await world.settle(cluster.start())
  await client.createTopic('orders', { partitions: PARTITIONS })
  for (let partition = 0; partition < PARTITIONS; partition += 1) await client.produce('orders', 'one', { partition })
  await world.run(() => cluster.isInSync, 30_000)
  const controller = cluster.brokers.find(each => each.server!.quorum.role === 'leader')!
  const restarted = cluster.brokers.find(each => each !== controller)!
  const epoch = () => controller.server!.metadata.image.brokers.get(restarted.id)!.brokerEpoch
  const before = epoch()
  cluster.kill(restarted.id, { power: true })
  void cluster.startBroker(restarted.id)
  await world.run(() => epoch() > before)

  const configs = [{ name: 'cleanup.policy', configOperation: 0, value: 'compact' }]
  const resources = [{ resourceType: 2, resourceName: 'orders', configs }]
  await world.settle(cluster.ask(controller.id, IncrementalAlterConfigs, { resources, validateOnly: false }))
  await world.run(() => cluster.isInSync, 30_000)
  const partitions = [...restarted.server!.replicas.partitions()].filter(({ topic }) => topic === 'orders')
  expect(partitions.map(({ log }) => log!.config.cleanupPolicy)).toEqual(partitions.map(() => ['compact']))
  cluster.close()
})
