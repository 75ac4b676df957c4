import { expect, it } from 'vitest'
import { CreateTopics } from '../../protocol/messages/createTopics.ts'
import { AClient } from './aClient.ts'
import { Checks } from './checks.ts'
import { History } from './history.ts'
import { type ClientWorld, SimulatedClient } from './simulatedClient.ts'
import { SimulatedCluster } from './simulatedCluster.ts'
import { writeByName } from './writeByName.ts'

const NAME = 'fleeting'

it('holds a write against the topic it went to, and against none when that is not the one that the client knows', async () => {
  const cluster = new SimulatedCluster({ seed: 1 })
  const { world } = cluster
  await world.settle(cluster.start())
  const clients: ClientWorld = {
    cluster,
    history: new History(),
    checks: new Checks(),
    pace: 1,
    isHealing: false,
    isDraining: false,
    isOver: false,
    broken: promise => {
      throw promise
    },
    note: () => {},
  }
  const client = new SimulatedClient(clients, 'writer')
  const admin = new AClient(cluster)
  const write = (value: string) => world.settle(writeByName(clients, client, NAME, value))

  const first = await createTopic(cluster)
  await admin.inSync(NAME)
  expect(await write('a')).toBe('NONE')
  const { acknowledged } = clients.history.of(NAME, first, 0)
  expect([...acknowledged.values()]).toEqual([{ baseOffset: 0, values: ['a'] }])

  expect(await admin.deleteTopic(NAME)).toBe('NONE')
  const second = await createTopic(cluster)
  await admin.inSync(NAME)
  expect(await write('b')).toBe('NONE') // the client has not heard of the second topic, which has the same leader
  expect(acknowledged.size).toBe(1)
  expect(clients.history.of(NAME, second, 0).acknowledged.size).toBe(0)

  client.forgetLeader(NAME, 0)
  expect(await write('c')).toBe('NONE')
  expect([...clients.history.of(NAME, second, 0).acknowledged.values()]).toEqual([{ baseOffset: 1, values: ['c'] }])
  cluster.close()
})

async function createTopic(cluster: SimulatedCluster): Promise<string> {
  const assignments = [{ partitionIndex: 0, brokerIds: [1, 2, 3] }]
  const topic = { name: NAME, numPartitions: -1, replicationFactor: -1, assignments, configs: [] }
  const { topics } = await cluster.world.settle(cluster.ask(2, CreateTopics, { topics: [topic], timeoutMs: 5000 }))
  await cluster.world.run(() => cluster.leaderOf(NAME, 0) !== undefined)
  return topics[0]!.topicId
}
