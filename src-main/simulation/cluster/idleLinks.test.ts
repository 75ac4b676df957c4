import { expect, it } from 'vitest'
import { SimulatedCluster } from './simulatedCluster.ts'

it('connections among voters stay when nothing is elected: one that closes looks like a leader that is gone', async () => {
  const cluster = new SimulatedCluster({ seed: 1, settings: { 'connections.max.idle.ms': '2000' } })
  const { world, brokers } = cluster
  await world.settle(cluster.start())
  await world.run(() => cluster.isInSync)

  // Whose connection to the leader breaks asks all for their votes, the leader too: and from now on has a connection for that.
  const leader = brokers.find(({ server }) => server!.quorum.role === 'leader')!
  const other = brokers.find(each => each !== leader)!
  world.breakConnections(leader.name, other.name)
  await world.run(1000)
  expect(other.server!.quorum.leaderId).toBe(leader.id)
  const open = () => brokers.map(({ name }) => world.openConnections(name))
  const before = open()

  await world.run(20_000)
  expect(open()).toEqual(before)
  cluster.close()
})
