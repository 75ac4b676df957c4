import { expect, it } from 'vitest'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import { DescribeQuorum } from '../../src-main/protocol/messages/describeQuorum.ts'
import { KafkaConnection } from '../../src-main/wire/client.ts'
import { eventually, startCluster, untilInSync, type RunningCluster } from './builtCluster.ts'
import { kafkajs, kafkaOf, withAdmin } from './clients/kafkajs.ts'

const topicOf = (name: string) => ({ topics: [{ topicName: name, partitions: [{ partitionIndex: 0 }] }] })

async function quorumOf(cluster: RunningCluster, askedBroker: number) {
  const connection = await KafkaConnection.open(
    nodeEnv(),
    { host: '127.0.0.1', port: cluster.portOf(askedBroker) },
    { clientId: 'sizes', connectTimeoutMs: 5_000, requestTimeoutMs: 10_000, negotiate: true },
  )
  try {
    const answer = await connection.send(DescribeQuorum, topicOf('__cluster_metadata'))
    const { leaderId, currentVoters, observers, errorCode } = answer.topics[0]!.partitions[0]!
    const ids = (replicas: typeof observers) => replicas.map(each => each.replicaId)
    return { errorCode, leaderId, voters: ids(currentVoters), observers: ids(observers), replicas: [...currentVoters, ...observers] }
  } finally {
    connection.close()
  }
}

/** A topic is made, and takes records and gives them back: with the brokers that are there. */
async function works(cluster: RunningCluster, topic: string): Promise<void> {
  const living = cluster.snapshot().brokers.filter(broker => broker.state === 'running')
  const bootstrap = living.map(broker => `127.0.0.1:${broker.port}`).join(',')
  const replicationFactor = Math.min(3, living.length)
  await withAdmin(kafkaOf(bootstrap, 'sizes'), admin => admin.createTopics({ topics: [{ topic, numPartitions: 2, replicationFactor }] }))
  const records = [{ partition: 0, key: null, value: topic, headers: [], timestamp: null }]
  await kafkajs.produce(bootstrap, { topic, codec: 'none', records })
  const consumed = await kafkajs.consume(bootstrap, { topic, groupId: `readers of ${topic}`, count: 1 })
  expect(consumed.map(each => each.value)).toEqual([topic])
}

it.each([
  { brokers: 1, voters: [1], observers: [], mayDie: 0 },
  { brokers: 2, voters: [1, 2], observers: [], mayDie: 0 },
  { brokers: 4, voters: [1, 2, 3], observers: [4], mayDie: 2 },
  { brokers: 5, voters: [1, 2, 3, 4, 5], observers: [], mayDie: 2 },
])('$brokers brokers begin, and go on without $mayDie of them', async ({ brokers, voters, observers, mayDie }) => {
  // The quorum is what is looked at: two of a partition's three replicas may be on brokers that die.
  await using cluster = await startCluster({ brokers, settings: { 'min.insync.replicas': '1' } })
  const quorum = await quorumOf(cluster, brokers)
  expect(quorum).toMatchObject({ errorCode: 0, voters, observers })
  expect(new Set(quorum.replicas.map(each => each.replicaDirectoryId)).size).toBe(brokers)
  await works(cluster, 'all-are-there')
  if (mayDie === 0) return

  // The last one, which is the observer if there is one, and the leader of the quorum.
  await Promise.all([brokers, quorum.leaderId === brokers ? 1 : quorum.leaderId].map(id => cluster.kill(id)))
  const asked = cluster.snapshot().brokers.find(broker => broker.state === 'running')!.brokerId
  const next = await eventually('another controller', async () => {
    const now = await quorumOf(cluster, asked)
    return now.errorCode === 0 && now.leaderId !== quorum.leaderId && now
  })
  expect(next.voters).toEqual(voters)
  await works(cluster, 'some-are-gone')
})

it('a voter of four brokers whose disk is destroyed comes back as a voter, and so does the next', async () => {
  await using cluster = await startCluster({ brokers: 4 })
  await works(cluster, 'before')
  for (const lost of [1, 2, 4]) {
    const before = await quorumOf(cluster, 3)
    const directory = before.replicas.find(each => each.replicaId === lost)?.replicaDirectoryId
    await cluster.wipe(lost)
    const isBack = ({ replicaId, replicaDirectoryId, lastCaughtUpTimestamp }: (typeof before.replicas)[number]) =>
      replicaId === lost && replicaDirectoryId !== directory && lastCaughtUpTimestamp > 0
    await eventually(`broker ${lost} takes part again`, async () => {
      const { replicas, voters, observers } = await quorumOf(cluster, 3)
      return replicas.some(isBack) && voters.join() === '1,2,3' && observers.join() === '4'
    })
  }
  await untilInSync(cluster)
  const [first] = await kafkajs.consume(cluster.bootstrapServers, { topic: 'before', groupId: 'after', count: 1 })
  expect(first?.value).toBe('before')
})
