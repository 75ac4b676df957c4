import { afterEach, describe, expect, it } from 'vitest'
import type { CloneProgress, TopicStatistics } from '../contract/topics.ts'
import { errorCode } from '../protocol/errors.ts'
import { CreatePartitions } from '../protocol/messages/createPartitions.ts'
import { CreateTopics } from '../protocol/messages/createTopics.ts'
import { DeleteRecords } from '../protocol/messages/deleteRecords.ts'
import { DescribeConfigs } from '../protocol/messages/describeConfigs.ts'
import { IncrementalAlterConfigs } from '../protocol/messages/incrementalAlterConfigs.ts'
import { InitProducerId } from '../protocol/messages/initProducerId.ts'
import { Produce } from '../protocol/messages/produce.ts'
import { baseSequence } from '../protocol/records/batch.ts'
import { buildBatch } from '../protocol/records/batchBuilder.ts'
import { decodeRecords } from '../protocol/records/record.ts'
import { ScriptedKafka } from '../simulation/kafka/scriptedKafka.ts'
import { type AdminServices, adminServices } from './adminServices.ts'

const clusterId = 'scripted'
const never = new AbortController().signal

let kafka: ScriptedKafka
let admin: AdminServices
afterEach(async () => {
  await admin.close()
  kafka.world.close()
})

async function connected(given: (kafka: ScriptedKafka) => void = () => {}): Promise<void> {
  kafka = new ScriptedKafka()
  given(kafka)
  await kafka.world.settle(kafka.start())
  admin = adminServices(kafka.world.env('client'), { bootstrapOf: () => [1, 2, 3].map(broker => kafka.addressOf(broker)) })
}

const settle = <T>(promise: Promise<T>) => kafka.world.settle(promise)

async function itemsOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = []
  for await (const item of items) taken.push(item)
  return taken
}

/** Refuses what is not a number, for the topic as a whole and without saying of which config, as brokers may. */
function configurable(given: ScriptedKafka): Map<string, string | null> {
  const set = new Map<string, string | null>()
  given.script(IncrementalAlterConfigs, ({ resources, validateOnly }) => ({
    throttleTimeMs: 0,
    responses: resources.map(({ resourceType, resourceName, configs }) => {
      const isWrong = configs.some(({ value }) => value !== null && !/^\d+$/.test(value))
      if (!isWrong && !validateOnly) for (const { name, value } of configs) set.set(name, value)
      return {
        errorCode: errorCode(isWrong ? 'INVALID_CONFIG' : 'NONE'),
        errorMessage: isWrong ? 'It is no number.' : null,
        resourceType,
        resourceName,
      }
    }),
  }))
  return set
}

describe('changing configs', () => {
  const changes = [
    { name: 'retention.ms', value: '60000' },
    { name: 'segment.bytes', value: 'many' },
    { name: 'min.insync.replicas', value: null },
  ]

  it('says beforehand which of them the cluster would refuse, and changes nothing', async () => {
    let set = new Map<string, string | null>()
    await connected(given => (set = configurable(given)))
    expect(await settle(admin.topics.checkConfigs({ clusterId, topic: 'a', changes }))).toEqual([
      { name: 'segment.bytes', message: 'It is no number.' },
    ])
    expect(set.size).toBe(0)
  })

  it('sets and takes away what is asked for, and nothing else', async () => {
    let set = new Map<string, string | null>()
    await connected(given => (set = configurable(given)))
    await settle(admin.topics.alterConfigs({ clusterId, topic: 'a', changes: changes.filter(({ value }) => value !== 'many') }))
    expect([...set]).toEqual([
      ['retention.ms', '60000'],
      ['min.insync.replicas', null],
    ])
    expect(kafka.asked.findLast(({ api }) => api === 'IncrementalAlterConfigs')?.request).toMatchObject({
      resources: [{ configs: [{ configOperation: 0 }, { configOperation: 1 }] }],
    })
  })

  it('fails as a whole when one is refused', async () => {
    await connected(given => configurable(given))
    await expect(settle(admin.topics.alterConfigs({ clusterId, topic: 'a', changes }))).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: 'It is no number.',
    })
  })
})

describe('more partitions', () => {
  function growing(given: ScriptedKafka): void {
    given.topic('a', { partitions: 2 })
    given.script(CreatePartitions, ({ topics: [asked] }) => {
      const topic = given.topics.get(asked!.name)!
      while (topic.partitions.length < asked!.count) {
        topic.partitions.push({ leader: 1, leaderEpoch: 0, replicas: [1, 2, 3], isr: [1, 2, 3], start: 0, log: [] })
      }
      return { throttleTimeMs: 0, results: [{ name: asked!.name, errorCode: 0 }] }
    })
  }

  it('are there when it is done', async () => {
    await connected(growing)
    await settle(admin.topics.addPartitions({ clusterId, topic: 'a', partitions: 5 }))
    expect((await settle(admin.topics.describe({ clusterId, topic: 'a' }))).partitions).toHaveLength(5)
  })

  it('cannot be fewer, which is said without asking', async () => {
    await connected(growing)
    await expect(settle(admin.topics.addPartitions({ clusterId, topic: 'a', partitions: 2 }))).rejects.toMatchObject({
      code: 'INVALID_PARTITIONS',
    })
    expect(kafka.countOf(CreatePartitions)).toBe(0)
  })
})

describe('deleting records', () => {
  it('asks each leader for its partitions, and says of each what became of it', async () => {
    await connected(given => {
      given.topic('a', { partitions: 3 })
      given.script(DeleteRecords, ({ topics }) => ({
        throttleTimeMs: 0,
        topics: topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex, offset }) => ({
            partitionIndex,
            lowWatermark: offset,
            errorCode: errorCode(partitionIndex === 2 ? 'POLICY_VIOLATION' : 'NONE'),
          })),
        })),
      }))
    })
    const partitions = [0, 1, 2].map(partition => ({ partition, offset: 10 + partition }))
    expect(await settle(admin.topics.deleteRecords({ clusterId, topic: 'a', partitions }))).toEqual([
      { partition: 0, logStartOffset: 10, problem: null },
      { partition: 1, logStartOffset: 11, problem: null },
      { partition: 2, logStartOffset: null, problem: expect.any(String) },
    ])
    expect(kafka.asked.filter(({ api }) => api === 'DeleteRecords').map(({ broker }) => broker)).toEqual([1, 2, 3])
  })

  it('goes to the new leader when the partition has moved', async () => {
    await connected(given => {
      given.topic('a')
      given.script(DeleteRecords, ({ topics }, { broker }) => {
        if (broker === 1) Object.assign(given.topics.get('a')!.partitions[0]!, { leader: 2, leaderEpoch: 2 })
        const error = errorCode(broker === 1 ? 'NOT_LEADER_OR_FOLLOWER' : 'NONE')
        const partitions = [{ partitionIndex: 0, lowWatermark: 4, errorCode: error }]
        return { throttleTimeMs: 0, topics: topics.map(({ name }) => ({ name, partitions })) }
      })
    })
    expect(await settle(admin.topics.deleteRecords({ clusterId, topic: 'a', partitions: [{ partition: 0, offset: 4 }] }))).toEqual([
      { partition: 0, logStartOffset: 4, problem: null },
    ])
  })
})

const record = (n: number) => ({
  key: n % 10 === 0 ? null : Buffer.from(`key-${n % 7}`),
  value: n % 5 === 0 ? null : Buffer.from('x'.repeat(n % 40)),
  headers: [{ key: 'n', value: Buffer.from(String(n)) }],
  timestamp: 1_700_000_000_000 + n * 1_000,
})

/** Two partitions of 100 records each, in batches of 10. */
function filled(given: ScriptedKafka): void {
  given.topic('a', { partitions: 2 })
  for (let batch = 0; batch < 20; batch++) {
    const records = Array.from({ length: 10 }, (_, index) => record(batch * 10 + index))
    given.append('a', batch % 2, buildBatch({ records, codec: batch % 4 === 0 ? 'gzip' : 'none' }))
  }
}

describe('statistics', () => {
  const last = async (sample: number | null): Promise<TopicStatistics> => {
    const items = await settle(itemsOf(admin.topics.statistics({ clusterId, topic: 'a', sample }, never)))
    return items.at(-1)!
  }

  it('count every record when all are read', async () => {
    await connected(filled)
    const counted = await last(null)
    expect(counted).toMatchObject({ all: 200, wanted: 200, read: 200, runLength: null, isDone: true, records: 200, nullKeys: 20 })
    expect(counted).toMatchObject({ tombstones: 40, distinctKeys: 7, batches: 20 })
    expect(counted.codecs).toEqual(
      expect.arrayContaining([
        { codec: 'gzip', batches: 5 },
        { codec: 'none', batches: 15 },
      ]),
    )
    expect(counted.partitions.map(({ records }) => records)).toEqual([100, 100])
    expect(counted.times?.counts.reduce((sum, each) => sum + each, 0)).toBe(200)
    expect(counted.valueBytes.buckets.reduce((sum, { count }) => sum + count, 0)).toBe(160)
    // As the same records would lie in the log uncompressed, to the byte.
    const plain = Array.from({ length: 20 }, (_, batch) =>
      buildBatch({ records: Array.from({ length: 10 }, (_, index) => record(batch * 10 + index)) }),
    )
    expect(counted.unpackedBytes).toBe(plain.reduce((sum, { length }) => sum + length, 0))
  })

  it('say how much of the topic they are of', async () => {
    await connected(filled)
    const counted = await last(40)
    expect(counted).toMatchObject({ all: 200, wanted: 40, read: 40, runLength: 500, records: 40 })
  })

  it('end when they are aborted, without a last word', async () => {
    await connected(filled)
    const aborter = new AbortController()
    const items: TopicStatistics[] = []
    await settle(
      (async () => {
        for await (const item of admin.topics.statistics({ clusterId, topic: 'a', sample: null }, aborter.signal)) {
          items.push(item)
          aborter.abort()
        }
      })(),
    )
    expect(items.map(({ isDone }) => isDone)).toEqual([false])
  })
})

describe('a copy of a topic', () => {
  function copying(given: ScriptedKafka): void {
    filled(given)
    given.script(DescribeConfigs, ({ resources }) => ({
      throttleTimeMs: 0,
      results: resources.map(({ resourceType, resourceName }) => ({
        errorCode: 0,
        errorMessage: null,
        resourceType,
        resourceName,
        configs: [
          { name: 'retention.ms', value: '5', readOnly: false, configSource: 1, isSensitive: false, synonyms: [] },
          { name: 'segment.bytes', value: '9', readOnly: false, configSource: 4, isSensitive: false, synonyms: [] },
        ],
      })),
    }))
    given.script(CreateTopics, ({ topics: [asked] }) => {
      given.topic(asked!.name, { partitions: asked!.numPartitions })
      return { throttleTimeMs: 0, topics: [{ name: asked!.name, errorCode: 0, errorMessage: null }] }
    })
  }
  const clone = (withRecords: boolean): Promise<CloneProgress[]> =>
    settle(itemsOf(admin.topics.clone({ clusterId, topic: 'a', name: 'b', withRecords }, never)))
  const recordsOf = (topic: string, partition: number) =>
    kafka.topics
      .get(topic)!
      .partitions[partition]!.log.flatMap(batch => decodeRecords(batch, 0, 1_000_000))
      .map(({ offset: _, ...rest }) => rest)

  it('has as many partitions and the configs that were set, and no records at first', async () => {
    await connected(copying)
    expect(await clone(false)).toEqual([
      { phase: 'created', read: 0, all: 0, records: 0, bytes: 0 },
      { phase: 'done', read: 0, all: 0, records: 0, bytes: 0 },
    ])
    expect(kafka.asked.find(({ api }) => api === 'CreateTopics')?.request).toMatchObject({
      topics: [{ name: 'b', numPartitions: 2, replicationFactor: 3, configs: [{ name: 'retention.ms', value: '5' }] }],
    })
  })

  it('has every record in its partition, with key, headers and timestamp, in order', async () => {
    await connected(copying)
    expect((await clone(true)).at(-1)).toMatchObject({ phase: 'done', read: 200, all: 200, records: 200 })
    for (const partition of [0, 1]) expect(recordsOf('b', partition)).toEqual(recordsOf('a', partition))
    expect(kafka.countOf(InitProducerId)).toBe(1)
  })

  it('has each record once though an answer was lost', async () => {
    await connected(given => {
      copying(given)
      // Knows a sequence number again, and loses the connection after each first append to a partition.
      const usual = given.scripted(Produce)
      const stored = new Set<string>()
      given.script(Produce, async (request, call) => {
        const [{ partitionData: [data] = [] } = {}] = request.topicData
        const batch = `${data!.index} ${baseSequence(data!.records!)}`
        const isAgain = stored.has(batch)
        stored.add(batch)
        if (isAgain) {
          const answer = { index: data!.index, errorCode: errorCode('DUPLICATE_SEQUENCE_NUMBER'), baseOffset: -1 }
          return { responses: [{ name: 'b', partitionResponses: [answer] }] }
        }
        const answer = await usual(request, call)
        if (stored.size <= 2) given.world.breakConnections('client', `broker${call.broker}`)
        return answer
      })
    })
    const done = await clone(true)
    expect(done.at(-1)?.records).toBe(200)
    for (const partition of [0, 1]) expect(recordsOf('b', partition)).toEqual(recordsOf('a', partition))
  })
})
