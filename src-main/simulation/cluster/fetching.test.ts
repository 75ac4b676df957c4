import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { errorName } from '../../protocol/errors.ts'
import { ApiVersions } from '../../protocol/messages/apiVersions.ts'
import { CreateTopics } from '../../protocol/messages/createTopics.ts'
import { Fetch, type FetchResponse } from '../../protocol/messages/fetch.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import type { RequestInput } from '../../protocol/schema.ts'
import { AClient } from './aClient.ts'
import { SimulatedCluster } from './simulatedCluster.ts'

type Asked = RequestInput<typeof Fetch>['topics'][number]['partitions'][number]

describe('a fetch', () => {
  let cluster: SimulatedCluster
  let client: AClient
  let topicId: string
  let leader: number
  let batchBytes: number

  beforeEach(async () => {
    cluster = new SimulatedCluster({ seed: 21, settings: { 'min.insync.replicas': '1' } })
    client = new AClient(cluster)
    await cluster.world.settle(cluster.start())
    // All partitions at one broker, so that one fetch can ask for all of them.
    const assignments = [0, 1, 2].map(partitionIndex => ({ partitionIndex, brokerIds: [2, 3] }))
    const topic = { name: 'orders', numPartitions: -1, replicationFactor: -1, assignments, configs: [] }
    const created = await cluster.world.settle(cluster.ask(1, CreateTopics, { topics: [topic] }))
    topicId = created.topics[0]!.topicId
    leader = 2
    await cluster.world.run(() => [0, 1, 2].every(index => client.leaderOf('orders', index) === leader))
    for (const partition of [0, 1, 2]) for (let count = 0; count < 3; count++) await produce(partition)
  })
  afterEach(() => cluster.close())

  async function produce(index: number): Promise<void> {
    const records = buildBatch({ records: [{ timestamp: 1, key: null, value: Buffer.alloc(1000) }] })
    batchBytes = records.length
    const topicData = [{ name: 'orders', partitionData: [{ index, records }] }]
    await cluster.world.settle(cluster.ask(leader, Produce, { acks: -1, timeoutMs: 1000, topicData }))
  }

  function ask(request: Partial<RequestInput<typeof Fetch>>, ...partitions: Partial<Asked>[]): Promise<FetchResponse> {
    const asked = partitions.map(each => ({ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000, ...each }))
    return cluster.ask(leader, Fetch, { maxWaitMs: 500, minBytes: 1, topics: [{ topicId, partitions: asked }], ...request })
  }

  function fetch(request: Partial<RequestInput<typeof Fetch>>, ...partitions: Partial<Asked>[]): Promise<FetchResponse> {
    return cluster.world.settle(ask(request, ...partitions))
  }

  const sizes = (response: FetchResponse) =>
    response.responses.flatMap(({ partitions }) => partitions.map(({ records }) => (records?.length ?? 0) / batchBytes))

  it('gives whole batches up to the size of each partition', async () => {
    expect(sizes(await fetch({}, { partitionMaxBytes: 2 * batchBytes + 10 }, { partition: 1 }))).toEqual([2, 3])
  })

  it('gives one whole batch of the first partition, however small the limits (KIP-74)', async () => {
    expect(sizes(await fetch({ maxBytes: 1 }, { partitionMaxBytes: 1 }, { partition: 1 }))).toEqual([1, 0])
  })

  it('serves partitions in the order asked until the size of the answer is reached', async () => {
    const limits = { maxBytes: 4 * batchBytes + 10 }
    expect(sizes(await fetch(limits, { partition: 2 }, { partition: 0 }, { partition: 1 }))).toEqual([3, 1, 0])
  })

  it('takes the first partition with data for the first one', async () => {
    expect(sizes(await fetch({ maxBytes: 1 }, { fetchOffset: 3 }, { partition: 1 }))).toEqual([0, 1])
  })

  it('waits for the first record that comes, and no longer', async () => {
    const began = cluster.world.elapsed
    const answer = ask({ maxWaitMs: 5000 }, { fetchOffset: 3 })
    await cluster.world.run(100)
    await produceElsewhere()
    expect(sizes(await cluster.world.settle(answer))).toEqual([1])
    expect(cluster.world.elapsed - began).toBeLessThan(200)
  })

  it('waits no longer than it said', async () => {
    const began = cluster.world.elapsed
    expect(sizes(await fetch({ maxWaitMs: 300 }, { fetchOffset: 3 }))).toEqual([0])
    expect(cluster.world.elapsed - began).toBeGreaterThanOrEqual(300)
  })

  it('waits for as many bytes as it asked for', async () => {
    const answer = ask({ maxWaitMs: 60_000, minBytes: 2 * batchBytes }, { fetchOffset: 3 })
    let isAnswered = false
    void answer.then(() => (isAnswered = true))
    await produceElsewhere()
    await cluster.world.run(300)
    expect(isAnswered).toBe(false)
    await produceElsewhere()
    expect(sizes(await cluster.world.settle(answer))).toEqual([2])
  })

  /** Over a connection of its own: the other one is waiting. */
  async function produceElsewhere(): Promise<void> {
    const records = buildBatch({ records: [{ timestamp: 1, key: null, value: Buffer.alloc(1000) }] })
    const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }]
    const connection = await cluster.world.settle(cluster.connect(leader))
    await cluster.world.settle(connection.send(Produce, { acks: -1, timeoutMs: 1000, topicData }))
    connection.close()
  }

  it.each([
    { given: 'no leader epoch', asked: { currentLeaderEpoch: -1 }, error: 'NONE' },
    { given: 'an unknown leader epoch', asked: { currentLeaderEpoch: 9 }, error: 'UNKNOWN_LEADER_EPOCH' },
    { given: 'an offset behind the end', asked: { fetchOffset: 4 }, error: 'OFFSET_OUT_OF_RANGE' },
    { given: 'the end', asked: { fetchOffset: 3 }, error: 'NONE' },
    { given: 'an unknown partition', asked: { partition: 7 }, error: 'UNKNOWN_TOPIC_OR_PARTITION' },
  ])('answers $error to $given', async ({ asked, error }) => {
    const { responses } = await fetch({ maxWaitMs: 0 }, asked)
    expect(errorName(responses[0]!.partitions[0]!.errorCode)).toBe(error)
  })

  it('is refused to whoever passes for a follower on the listener of the clients', async () => {
    const { responses } = await fetch({ replicaState: { replicaId: 3, replicaEpoch: -1 } }, {})
    expect(errorName(responses[0]!.partitions[0]!.errorCode)).toBe('CLUSTER_AUTHORIZATION_FAILED')
  })

  it('answers only what is new within a session (KIP-227)', async () => {
    const full = await fetch({ sessionId: 0, sessionEpoch: 0 }, { fetchOffset: 0 }, { partition: 1, fetchOffset: 3 })
    expect(full.sessionId).toBeGreaterThan(0)
    const incremental = await fetch({ sessionId: full.sessionId, sessionEpoch: 1, topics: [], maxWaitMs: 10 })
    expect(incremental.responses.flatMap(each => each.partitions.map(({ partitionIndex }) => partitionIndex))).toEqual([0])
    const lost = await fetch({ sessionId: full.sessionId, sessionEpoch: 7, topics: [] })
    expect(errorName(lost.errorCode)).toBe('INVALID_FETCH_SESSION_EPOCH')
  })

  it('is among the APIs that ApiVersions tells of, with the versions that clients may use', async () => {
    const software = { clientSoftwareName: 'simulated', clientSoftwareVersion: '1.0' }
    const { apiKeys, finalizedFeatures } = await cluster.world.settle(cluster.ask(1, ApiVersions, software))
    expect(apiKeys.find(each => each.apiKey === Fetch.key)).toEqual({ apiKey: 1, minVersion: 4, maxVersion: 16 })
    // librdkafka before 2.11.1 compresses only where it sees version 0.
    expect(apiKeys.find(each => each.apiKey === Produce.key)).toEqual({ apiKey: 0, minVersion: 0, maxVersion: 11 })
    expect(finalizedFeatures.map(each => each.name)).toEqual(['metadata.version', 'eligible.leader.replicas.version'])
    const malformed = await cluster.world.settle(cluster.ask(1, ApiVersions, { clientSoftwareName: '-', clientSoftwareVersion: '1' }))
    expect(errorName(malformed.errorCode)).toBe('INVALID_REQUEST')
  })
})
