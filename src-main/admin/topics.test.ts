import { afterEach, describe, expect, it } from 'vitest'
import { errorCode, type ErrorName } from '../protocol/errors.ts'
import { CreateTopics } from '../protocol/messages/createTopics.ts'
import { DeleteTopics } from '../protocol/messages/deleteTopics.ts'
import { DescribeConfigs } from '../protocol/messages/describeConfigs.ts'
import { DescribeLogDirs } from '../protocol/messages/describeLogDirs.ts'
import { ListOffsets } from '../protocol/messages/listOffsets.ts'
import { Metadata } from '../protocol/messages/metadata.ts'
import { buildBatch } from '../protocol/records/batchBuilder.ts'
import { ScriptedKafka } from '../simulation/kafka/scriptedKafka.ts'
import { type AdminServices, adminServices } from './adminServices.ts'

const clusterId = 'scripted'

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
const aBatch = (count: number) => buildBatch({ records: Array.from({ length: count }, () => ({ key: null, value: null, timestamp: 1 })) })

/** Each broker has a replica of every partition, of 100 bytes times its own number. */
function sized(given: ScriptedKafka): void {
  given.script(DescribeLogDirs, (request, { broker }) => {
    const described = request.topics?.map(({ topic }) => topic) ?? [...given.topics.keys()]
    const topics = described.map(name => ({
      name,
      partitions: given.topics.get(name)!.partitions.map((_, partitionIndex) => ({
        partitionIndex,
        partitionSize: 100 * broker,
        offsetLag: broker - 1,
        isFutureKey: false,
      })),
    }))
    return { throttleTimeMs: 0, results: [{ errorCode: 0, logDir: '/data', topics }] }
  })
}

describe('the list of topics', () => {
  it('has records, sizes on the leaders, and health of each', async () => {
    await connected(given => {
      sized(given)
      given.topic('b', { partitions: 3 })
      given.append('b', 0, aBatch(5))
      given.append('b', 2, aBatch(2))
      given.topics.get('b')!.partitions[0]!.start = 1
      given.topics.get('b')!.partitions[1]!.isr = [1]
      given.topic('a')
    })
    expect(await settle(admin.topics.list({ clusterId }))).toEqual([
      expect.objectContaining({ name: 'a', records: 0, sizeBytes: 100, underReplicated: 0, offline: 0 }),
      {
        name: 'b',
        topicId: 'bAAAAAAAAAAAAAAAAAAAAA',
        isInternal: false,
        partitions: 3,
        replicationFactor: 3,
        records: 6,
        logEndOffsets: 7,
        sizeBytes: 600,
        underReplicated: 1,
        offline: 0,
      },
    ])
  })

  it('does without sizes where brokers do not tell them', async () => {
    await connected(given => given.topic('a'))
    expect(await settle(admin.topics.list({ clusterId }))).toMatchObject([{ name: 'a', records: 0, sizeBytes: null }])
  })

  it('says that a partition without a leader is offline, and leaves its part of the sums open', async () => {
    await connected(given => {
      sized(given)
      given.topic('a', { partitions: 3 })
      given.topics.get('a')!.partitions[1]!.leader = -1
    })
    expect(await settle(admin.topics.list({ clusterId }))).toMatchObject([{ offline: 1, records: null, sizeBytes: null }])
  })

  it('comes within a few seconds while a broker is frozen', async () => {
    await connected(given => {
      sized(given)
      given.topic('a', { partitions: 3 })
      given.topic('b')
    })
    kafka.world.freeze('broker2')
    const began = kafka.world.elapsed
    const [a, b] = await settle(admin.topics.list({ clusterId }))
    expect(kafka.world.elapsed - began).toBeLessThan(3_000)
    expect(a).toMatchObject({ name: 'a', records: null })
    expect(b).toMatchObject({ name: 'b', records: 0, sizeBytes: 100 })
  })

  it('asks once more where a partition has just moved', async () => {
    await connected(given => {
      given.topic('a')
      const usual = given.scripted(Metadata)
      let isFirst = true
      given.script(Metadata, (request, call) => {
        const answer = usual(request, call)
        if (isFirst) Object.assign(given.topics.get('a')!.partitions[0]!, { leader: 3, leaderEpoch: 2 })
        isFirst = false
        return answer
      })
    })
    expect(await settle(admin.topics.list({ clusterId }))).toMatchObject([{ records: 0 }])
  })
})

describe('one topic', () => {
  it('has what is known of each replica', async () => {
    await connected(given => {
      sized(given)
      given.topic('a')
      given.append('a', 0, aBatch(4))
      given.topics.get('a')!.partitions[0]!.isr = [1, 3]
    })
    kafka.world.crash('broker2')
    kafka.alive = [1, 3]
    const { partitions } = await settle(admin.topics.describe({ clusterId, topic: 'a' }))
    const leader = { brokerId: 1, isOnline: true, logStartOffset: 0, highWatermark: 4, logEndOffset: 4, sizeBytes: 100, offsetLag: 0 }
    const unknown = { logStartOffset: null, highWatermark: null, logEndOffset: null }
    expect(partitions).toEqual([
      {
        partition: 0,
        leader: 1,
        leaderEpoch: 1,
        replicas: [1, 2, 3],
        inSyncReplicas: [1, 3],
        eligibleLeaderReplicas: null,
        logStartOffset: 0,
        highWatermark: 4,
        replicaLogs: [
          leader,
          { brokerId: 2, isOnline: false, ...unknown, sizeBytes: null, offsetLag: null },
          { brokerId: 3, isOnline: true, ...unknown, sizeBytes: 300, offsetLag: 2 },
        ],
      },
    ])
  })

  it('has the ends of followers where brokers tell them', async () => {
    await connected(given => {
      given.topic('a')
      const usual = given.scripted(ListOffsets)
      given.script(ListOffsets, (request, call) => {
        if (request.replicaId !== -2) return usual(request, call)
        const topics = request.topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex, timestamp }) => ({
            partitionIndex,
            errorCode: 0,
            offset: timestamp === -1 ? 10 + call.broker : 3,
          })),
        }))
        return { topics }
      })
    })
    const { partitions } = await settle(admin.topics.describe({ clusterId, topic: 'a' }))
    expect(partitions[0]?.replicaLogs.map(each => [each.logStartOffset, each.logEndOffset])).toEqual([
      [3, 11],
      [3, 12],
      [3, 13],
    ])
  })

  it('is an error when there is none of that name', async () => {
    await connected()
    await expect(settle(admin.topics.describe({ clusterId, topic: 'a' }))).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
      message: 'There is no topic a.',
    })
  })

  it('has configs, those set on it told from the defaults', async () => {
    const one = (name: string, configSource: number, value: string | null = '1') => ({
      name,
      value,
      readOnly: false,
      configSource,
      isSensitive: value === null,
      synonyms: [],
    })
    await connected(given => {
      given.script(DescribeConfigs, ({ resources }) => ({
        throttleTimeMs: 0,
        results: resources.map(({ resourceType, resourceName }) => ({
          errorCode: errorCode(resourceName === 'a' ? 'NONE' : 'UNKNOWN_TOPIC_OR_PARTITION'),
          errorMessage: null,
          resourceType,
          resourceName,
          configs: [one('retention.ms', 1), one('cleanup.policy', 5), one('secret', 4, null)],
        })),
      }))
    })
    expect(await settle(admin.topics.configs({ clusterId, topic: 'a' }))).toMatchObject([
      { name: 'cleanup.policy', isDefault: true, source: 'DEFAULT_CONFIG' },
      { name: 'retention.ms', isDefault: false, source: 'DYNAMIC_TOPIC_CONFIG', value: '1', documentation: null },
      { name: 'secret', isDefault: true, source: 'STATIC_BROKER_CONFIG', value: null, isSensitive: true },
    ])
  })
})

describe('creating a topic', () => {
  const wanted = { clusterId, name: 'a', partitions: 3, replicationFactor: 3, configs: { 'retention.ms': '1000' } }
  const create = (more: Partial<Parameters<AdminServices['topics']['create']>[0]> = {}) =>
    settle(admin.topics.create({ ...wanted, ...more }))

  /** Creates what is asked for, unless told otherwise. */
  function creating(given: ScriptedKafka, error: () => ErrorName = () => 'NONE'): void {
    given.script(CreateTopics, ({ topics: [asked] }) => {
      const exists = given.topics.has(asked!.name)
      const answer = exists ? 'TOPIC_ALREADY_EXISTS' : error()
      if (answer === 'NONE') given.topic(asked!.name, { partitions: Math.max(1, asked!.numPartitions) })
      return {
        throttleTimeMs: 0,
        topics: [{ name: asked!.name, errorCode: errorCode(answer), errorMessage: answer === 'NONE' ? null : `It is ${answer}.` }],
      }
    })
  }

  it('asks the controller, and leaves to the cluster what was left open', async () => {
    await connected(given => {
      creating(given)
      given.controllerId = 2
    })
    await create({ partitions: null, replicationFactor: null })
    const [asked] = kafka.asked.filter(({ api }) => api === 'CreateTopics')
    expect(asked).toMatchObject({
      broker: 2,
      request: { topics: [{ name: 'a', numPartitions: -1, replicationFactor: -1, configs: [{ name: 'retention.ms', value: '1000' }] }] },
    })
  })

  it('is done when every broker names a leader for every partition', async () => {
    await connected(given => {
      creating(given)
      const usual = given.scripted(Metadata)
      given.script(Metadata, (request, call) => {
        // The third broker hears of it later than the others.
        const isBehind = call.broker === 3 && given.world.elapsed < 700
        return usual(
          isBehind ? { ...request, topics: request.topics?.map(() => ({ name: 'unknown', topicId: '' })) ?? null } : request,
          call,
        )
      })
    })
    await create()
    expect(kafka.world.elapsed).toBeGreaterThan(700)
  })

  it('does not wait for a broker that is frozen', async () => {
    await connected(given => creating(given))
    kafka.world.freeze('broker3')
    await create()
    expect(kafka.world.elapsed).toBeLessThan(4_000)
  })

  it('takes "it exists" for success only after an answer of its own was lost', async () => {
    await connected(given => {
      creating(given)
      const usual = given.scripted(CreateTopics)
      let isFirst = true
      given.script(CreateTopics, (request, call) => {
        const answer = usual(request, call)
        if (isFirst) given.world.breakConnections('client', `broker${call.broker}`)
        isFirst = false
        return answer
      })
    })
    await create()
    expect(kafka.countOf(CreateTopics)).toBe(2)
    await expect(create()).rejects.toMatchObject({ code: 'TOPIC_ALREADY_EXISTS', message: 'It is TOPIC_ALREADY_EXISTS.' })
  })

  it.each(['INVALID_REPLICATION_FACTOR', 'INVALID_CONFIG', 'POLICY_VIOLATION'] as const)('passes on %s at once', async error => {
    await connected(given => creating(given, () => error))
    await expect(create()).rejects.toMatchObject({ code: error, message: `It is ${error}.` })
    expect(kafka.countOf(CreateTopics)).toBe(1)
  })

  it('needs numbers where the cluster is too old to choose', async () => {
    await connected(given => {
      creating(given)
      given.limit(CreateTopics, [2, 3])
    })
    await expect(create({ partitions: null })).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION' })
    await create()
  })
})

describe('deleting a topic', () => {
  function deleting(given: ScriptedKafka): void {
    given.topic('a')
    given.script(DeleteTopics, ({ topics, topicNames }) => {
      const [name] = [...topics.map(each => each.name!), ...topicNames]
      const error = given.topics.delete(name!) ? 'NONE' : 'UNKNOWN_TOPIC_OR_PARTITION'
      return { throttleTimeMs: 0, responses: [{ name: name!, errorCode: errorCode(error) }] }
    })
  }

  it.each([6, 5, 3])('is done when no broker knows it any more (version %i)', async version => {
    await connected(given => {
      deleting(given)
      given.limit(DeleteTopics, [1, version])
    })
    await settle(admin.topics.delete({ clusterId, topic: 'a' }))
    expect(await settle(admin.topics.list({ clusterId }))).toEqual([])
  })

  it('is refused when there is none', async () => {
    await connected(given => deleting(given))
    await expect(settle(admin.topics.delete({ clusterId, topic: 'b' }))).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
    expect(kafka.countOf(DeleteTopics)).toBe(1)
  })
})
