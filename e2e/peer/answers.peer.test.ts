import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import { errorName } from '../../src-main/protocol/errors.ts'
import { AlterClientQuotas } from '../../src-main/protocol/messages/alterClientQuotas.ts'
import { AlterConfigs } from '../../src-main/protocol/messages/alterConfigs.ts'
import { AlterPartitionReassignments } from '../../src-main/protocol/messages/alterPartitionReassignments.ts'
import { AlterUserScramCredentials } from '../../src-main/protocol/messages/alterUserScramCredentials.ts'
import { CreatePartitions } from '../../src-main/protocol/messages/createPartitions.ts'
import { CreateTopics } from '../../src-main/protocol/messages/createTopics.ts'
import { DeleteTopics } from '../../src-main/protocol/messages/deleteTopics.ts'
import { DescribeClientQuotas } from '../../src-main/protocol/messages/describeClientQuotas.ts'
import { DescribeConfigs } from '../../src-main/protocol/messages/describeConfigs.ts'
import { DescribeUserScramCredentials } from '../../src-main/protocol/messages/describeUserScramCredentials.ts'
import { ElectLeaders } from '../../src-main/protocol/messages/electLeaders.ts'
import { IncrementalAlterConfigs } from '../../src-main/protocol/messages/incrementalAlterConfigs.ts'
import { ListPartitionReassignments } from '../../src-main/protocol/messages/listPartitionReassignments.ts'
import { UnregisterBroker } from '../../src-main/protocol/messages/unregisterBroker.ts'
import { UpdateFeatures } from '../../src-main/protocol/messages/updateFeatures.ts'
import type { AnyApi, RequestInput } from '../../src-main/protocol/schema.ts'
import { KafkaConnection } from '../../src-main/wire/client.ts'
import { startCluster, type RunningCluster } from '../cluster/builtCluster.ts'
import { aFolder } from './folders.ts'
import { classpath } from './kafka.ts'
import { KafkaBroker } from './kafkaBroker.ts'

const [TOPIC, BROKER, METRICS, GROUP] = [2, 4, 16, 32] as const
const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAA'

/** Values of configs, some good, some bad. */
const TOPIC_CONFIGS = `
segment.bytes = 1048575|1048576|3e6|| 2097152 |99999999999
retention.ms = -2|-1
retention.bytes = -5
cleanup.policy = |delete,delete|compact, delete|compact,,delete|shred|DELETE
unclean.leader.election.enable = yes|TRUE
min.insync.replicas = 0|99
compression.type = none|GZIP
compression.gzip.level = 0|-1|9
compression.zstd.level = 23
min.cleanable.dirty.ratio = 1.1|.5|1e-2
message.timestamp.type = createtime
message.timestamp.after.max.ms = -1
max.message.bytes = -1
leader.replication.throttled.replicas = *|0:1,1:2||0:a|*,0:1|none|0:1,0:1
follower.replication.throttled.replicas = 0:1 , 0:2
remote.storage.enable = true|false
local.retention.ms = -3|5
local.retention.bytes = 10
min.compaction.lag.ms = 10
max.compaction.lag.ms = 0
segment.jitter.ms = -1
message.format.version = 3.0
message.downconversion.enable = true
internal.segment.bytes = 1000
nonsense = 1
preallocate = 
flush.ms = -1
`

const BROKER_CONFIGS = `
log.retention.ms = 5
log.retention.hours = 5
num.io.threads = 0|100|9
num.network.threads = 100
background.threads = 11
log.cleaner.threads = 2|0|50
log.cleaner.dedupe.buffer.size = 10
log.cleaner.io.buffer.size = 10
num.replica.fetchers = 2|50
num.recovery.threads.per.data.dir = 3
leader.replication.throttled.rate = -1|0|1000
follower.replication.throttled.rate = 10.5
replica.alter.log.dirs.io.max.bytes.per.second = 1000|-1
message.max.bytes = -1|100
min.insync.replicas = 2|0
unclean.leader.election.enable = true
log.segment.bytes = 100
log.cleanup.policy = compact|x
max.connections = 5
max.connections.per.ip = 0|5
max.connections.per.ip.overrides = 1.2.3.4:5|x
max.connection.creation.rate = 5
advertised.listeners = PLAINTEXT://localhost:1
sasl.jaas.config = x
ssl.keystore.location = /x
broker.id = 5
node.id = 5
num.partitions = 5
auto.create.topics.enable = false
default.replication.factor = 2
broker.rack = x
nonsense = x
log.message.timestamp.type = x|LogAppendTime
compression.type = none
metric.reporters = 
config.providers = 
remote.log.manager.copier.thread.pool.size = 5
group.consumer.assignment.interval.ms = -1|20000
transaction.partition.verification.enable = x
producer.id.expiration.ms = 0
cordoned.log.dirs = /x
`

const GROUP_CONFIGS = `
consumer.session.timeout.ms = 1|45000|60001
consumer.heartbeat.interval.ms = 4999|15000|15001|5000
share.auto.offset.reset = x|by_duration:PT1H|by_duration:x|EARLIEST
share.isolation.level = x
share.record.lock.duration.ms = 1000|999999
share.delivery.count.limit = 1|99
streams.num.standby.replicas = 3|2
streams.session.timeout.ms = 60001
share.session.timeout.ms = 44999
share.partition.max.record.locks = 5|999999
consumer.assignment.interval.ms = 15001|15000
nonsense = 1
streams.initial.rebalance.delay.ms = -1
`

const METRICS_CONFIGS = `
interval.ms = 99|100|3600001
metrics = *
match = client_id=a.*|nope=a|client_id=(|client_id|
nonsense = 1
`

let work: string
let kafka: KafkaBroker
let cluster: RunningCluster
let both: readonly KafkaConnection[]

describe.skipIf(classpath === undefined)(
  'asked by an administrator, our broker answers as that of Apache Kafka does',
  { timeout: 120_000 },
  () => {
    beforeAll(async () => {
      work = aFolder('answers')
      kafka = await KafkaBroker.start(work, { logDir: join(work, 'kafka'), format: true })
      cluster = await startCluster({ directory: join(work, 'trilog'), brokers: 1, profile: 'kafka-defaults' })
      const options = { clientId: 'peer', connectTimeoutMs: 2_000, requestTimeoutMs: 30_000, negotiate: true }
      const ours = await KafkaConnection.open(nodeEnv(), { host: '127.0.0.1', port: cluster.portOf(1) }, options)
      both = [await kafka.connect(), ours]
      for (const connection of both) {
        await connection.send(CreateTopics, { timeoutMs: 10_000, topics: [topic('orders', { numPartitions: 2 }), topic('or_ders')] })
      }
    })
    afterAll(async () => {
      for (const connection of both ?? []) connection.close()
      await cluster?.stop()
      await kafka?.stop()
      rmSync(work, { recursive: true, force: true })
    })

    /** The errors in the answers of Kafka and of ours. */
    async function errors<A extends AnyApi>(api: A, request: RequestInput<A>, version?: number): Promise<readonly string[][]> {
      const answers: string[][] = []
      for (const connection of both)
        answers.push(errorsIn(await connection.send(api, request, version === undefined ? {} : { version })).toSorted())
      return answers
    }

    async function same<A extends AnyApi>(api: A, request: RequestInput<A>, version?: number): Promise<readonly string[]> {
      const [theirs = [], ours] = await errors(api, request, version)
      expect(ours).toEqual(theirs)
      return theirs
    }

    const topic = (name: string, given: object = {}) => ({
      name,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
      ...given,
    })
    const assigned = (...assignments: number[][]) => ({
      numPartitions: -1,
      replicationFactor: -1,
      assignments: assignments.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
    })

    it.each([
      { given: 'a topic', topics: [topic('fresh')] },
      { given: 'one that is there', topics: [topic('orders')] },
      { given: 'one that collides', topics: [topic('or.ders')] },
      { given: 'one twice', topics: [topic('twice'), topic('twice')] },
      { given: 'bad names', topics: [topic(''), topic('.'), topic('..'), topic('a b'), topic('x'.repeat(250))] },
      { given: 'the metadata topic', topics: [topic('__cluster_metadata')] },
      { given: 'no partitions', topics: [topic('t1', { numPartitions: 0 }), topic('t2', { numPartitions: -2 })] },
      { given: 'no replicas', topics: [topic('t1', { replicationFactor: 0 }), topic('t2', { replicationFactor: -2 })] },
      { given: 'more replicas than brokers', topics: [topic('t1', { replicationFactor: 2 })] },
      { given: 'the defaults', topics: [topic('t1', { numPartitions: -1, replicationFactor: -1 })] },
      { given: 'an assignment', topics: [topic('t1', assigned([1], [1]))] },
      { given: 'an assignment and a count', topics: [topic('t1', { ...assigned([1]), numPartitions: 1 })] },
      { given: 'an assignment to a stranger', topics: [topic('t1', assigned([9]))] },
      { given: 'an assignment to one twice', topics: [topic('t1', assigned([1, 1]))] },
      { given: 'an assignment to nobody', topics: [topic('t1', assigned([]))] },
      { given: 'an assignment with a gap', topics: [topic('t1', { ...assigned(), assignments: [{ partitionIndex: 1, brokerIds: [1] }] })] },
      { given: 'a config', topics: [topic('t1', { configs: [{ name: 'retention.ms', value: '5' }] })] },
      { given: 'an unknown config', topics: [topic('t1', { configs: [{ name: 'nonsense', value: '5' }] })] },
      { given: 'a bad config', topics: [topic('t1', { configs: [{ name: 'retention.ms', value: 'x' }] })] },
      { given: 'a config of null', topics: [topic('t1', { configs: [{ name: 'retention.ms', value: null }] })] },
      { given: 'too many partitions', topics: [topic('t1', { numPartitions: 10_001 })] },
    ])('to the creation of $given', async ({ topics }) => {
      await same(CreateTopics, { timeoutMs: 10_000, topics, validateOnly: true })
    })

    it.each([
      { given: 'one more', name: 'orders', count: 3 },
      { given: 'as many', name: 'orders', count: 2 },
      { given: 'fewer', name: 'orders', count: 1 },
      { given: 'none', name: 'orders', count: 0 },
      { given: 'less than none', name: 'orders', count: -1 },
      { given: 'those of a stranger', name: 'nope', count: 3 },
      { given: 'one on a broker', name: 'orders', count: 3, assignments: [{ brokerIds: [1] }] },
      { given: 'one on a stranger', name: 'orders', count: 3, assignments: [{ brokerIds: [9] }] },
      { given: 'one on nobody', name: 'orders', count: 3, assignments: [{ brokerIds: [] }] },
      { given: 'one on two', name: 'orders', count: 3, assignments: [{ brokerIds: [1, 1] }] },
      { given: 'one, and two assignments', name: 'orders', count: 3, assignments: [{ brokerIds: [1] }, { brokerIds: [1] }] },
    ])('to the addition of partitions: $given', async ({ name, count, assignments = null }) => {
      await same(CreatePartitions, { topics: [{ name, count, assignments }], timeoutMs: 10_000, validateOnly: true })
    })

    it.each([
      { given: 'a stranger', topics: [{ name: 'nope', topicId: NO_ID }] },
      { given: 'an unknown id', topics: [{ name: null, topicId: 'AQIDBAUGBwgJCgsMDQ4PEA' }] },
      { given: 'nothing', topics: [{ name: null, topicId: NO_ID }] },
      { given: 'both a name and an id', topics: [{ name: 'orders', topicId: 'AQIDBAUGBwgJCgsMDQ4PEA' }] },
    ])('to the deletion of $given', async ({ topics }) => {
      await same(DeleteTopics, { topics, topicNames: [], timeoutMs: 10_000 })
    })

    it.each([
      { given: 'to where it is', replicas: [1] },
      { given: 'to a stranger', replicas: [9] },
      { given: 'to nobody', replicas: [] },
      { given: 'to one twice', replicas: [1, 1] },
      { given: 'that is not under way, called off', replicas: null },
      { given: 'of an unknown partition', replicas: [1], partitionIndex: 7 },
      { given: 'of an unknown topic', replicas: [1], name: 'nope' },
      { given: 'that changes the number of replicas, which is forbidden', replicas: [1, 9], allowReplicationFactorChange: false },
    ])('to a reassignment $given', async ({ replicas, partitionIndex = 0, name = 'orders', allowReplicationFactorChange = true }) => {
      const topics = [{ name, partitions: [{ partitionIndex, replicas }] }]
      await same(AlterPartitionReassignments, { timeoutMs: 10_000, allowReplicationFactorChange, topics })
      await same(ListPartitionReassignments, { timeoutMs: 10_000, topics: [{ name, partitionIndexes: [partitionIndex] }] })
    })

    it.each([
      { given: 'preferred, of all', electionType: 0, topicPartitions: null },
      { given: 'preferred, where it leads', electionType: 0, topicPartitions: [{ topic: 'orders', partitions: [0, 1] }] },
      { given: 'unclean, where somebody leads', electionType: 1, topicPartitions: [{ topic: 'orders', partitions: [0] }] },
      {
        given: 'of a stranger',
        electionType: 0,
        topicPartitions: [
          { topic: 'nope', partitions: [0] },
          { topic: 'orders', partitions: [9] },
        ],
      },
    ])('to an election: $given', async ({ electionType, topicPartitions }) => {
      await same(ElectLeaders, { electionType, topicPartitions, timeoutMs: 10_000 })
    })

    describe('to configs:', () => {
      const SET = 0
      const altered = (resourceType: number, resourceName: string, name: string, value: string | null, configOperation: number = SET) =>
        errors(IncrementalAlterConfigs, {
          validateOnly: true,
          resources: [{ resourceType, resourceName, configs: [{ name, configOperation, value }] }],
        })

      it.each(readTable(TOPIC_CONFIGS))('of a topic: %s = %s', async (name, value) => {
        const [theirs, ours] = await altered(TOPIC, 'orders', name, value)
        expect(ours).toEqual(theirs)
      })

      it.each(readTable(BROKER_CONFIGS))('of a broker, and of all: %s = %s', async (name, value) => {
        for (const resource of ['1', '']) {
          const [theirs, ours] = await altered(BROKER, resource, name, value)
          expect(ours, `of "${resource}"`).toEqual(theirs)
        }
      })

      it.each(readTable(GROUP_CONFIGS))('of a group: %s = %s', async (name, value) => {
        const [theirs, ours] = await altered(GROUP, 'g', name, value)
        expect(ours).toEqual(theirs)
      })

      it.each(readTable(METRICS_CONFIGS))('of client metrics: %s = %s', async (name, value) => {
        const [theirs, ours] = await altered(METRICS, 'm', name, value)
        expect(ours).toEqual(theirs)
      })

      it.each([
        { given: 'DELETE', operation: 1, value: null },
        { given: 'APPEND to a list', operation: 2, value: '0:1', name: 'leader.replication.throttled.replicas' },
        { given: 'SUBTRACT from a list', operation: 3, value: '0:1', name: 'leader.replication.throttled.replicas' },
        { given: 'APPEND to a number', operation: 2, value: '5' },
        { given: 'SUBTRACT from a number', operation: 3, value: '5' },
        { given: 'SET of null', operation: 0, value: null },
      ])('by $given', async ({ operation, value, name = 'retention.ms' }) => {
        const [theirs, ours] = await altered(TOPIC, 'orders', name, value, operation)
        expect(ours).toEqual(theirs)
      })

      it.each([
        { type: TOPIC, resource: 'nope', name: 'retention.ms' },
        { type: TOPIC, resource: '', name: 'retention.ms' },
        { type: TOPIC, resource: 'bad name!', name: 'retention.ms' },
        { type: BROKER, resource: 'x', name: 'log.retention.ms' },
        { type: GROUP, resource: '', name: 'consumer.session.timeout.ms' },
        { type: METRICS, resource: '', name: 'interval.ms' },
        { type: 3, resource: 'x', name: 'y' },
      ])('of $type:"$resource"', async ({ type, resource, name }) => {
        const [theirs, ours] = await altered(type, resource, name, '50000')
        expect(ours).toEqual(theirs)
      })

      it('replaced all at once', async () => {
        const configs = [{ name: 'retention.ms', value: '5' }]
        await same(AlterConfigs, { validateOnly: true, resources: [{ resourceType: TOPIC, resourceName: 'orders', configs }] })
        await same(AlterConfigs, { validateOnly: true, resources: [{ resourceType: TOPIC, resourceName: 'nope', configs }] })
      })

      it('asked for', async () => {
        const resources = [
          { resourceType: TOPIC, resourceName: 'orders', configurationKeys: ['retention.ms', 'nonsense'] },
          { resourceType: TOPIC, resourceName: 'nope', configurationKeys: null },
          { resourceType: BROKER, resourceName: '1', configurationKeys: ['log.retention.ms'] },
          { resourceType: BROKER, resourceName: '9', configurationKeys: null },
          { resourceType: GROUP, resourceName: 'g', configurationKeys: null },
        ]
        for (const resource of resources) {
          await same(DescribeConfigs, { resources: [resource], includeSynonyms: false, includeDocumentation: false })
        }
      })
    })

    it.each([
      { entity: { user: 'a' }, ops: { producer_byte_rate: 10 } },
      { entity: { user: 'a' }, ops: { producer_byte_rate: 10.5 } },
      { entity: { user: 'a' }, ops: { producer_byte_rate: 0 } },
      { entity: { user: 'a' }, ops: { producer_byte_rate: -1 } },
      { entity: { user: 'a' }, ops: { producer_byte_rate: 1e30 } },
      { entity: { user: 'a' }, ops: { request_percentage: 10.5 } },
      { entity: { user: 'a', 'client-id': null }, ops: { controller_mutation_rate: 0.5 } },
      { entity: { ip: '127.0.0.1' }, ops: { connection_creation_rate: 5 } },
      { entity: { ip: '127.0.0.1' }, ops: { connection_creation_rate: 0.5 } },
      { entity: { ip: '127.0.0.1' }, ops: { connection_creation_rate: 3e9 } },
      { entity: { ip: '127.0.0.1' }, ops: { producer_byte_rate: 5 } },
      { entity: { ip: '300.1.1.1' }, ops: { connection_creation_rate: 5 } },
      { entity: { ip: null }, ops: { connection_creation_rate: 5 } },
      { entity: { ip: '::1', user: 'a' }, ops: { connection_creation_rate: 5 } },
      { entity: { user: 'a' }, ops: { connection_creation_rate: 5 } },
      { entity: { user: 'a' }, ops: { nonsense: 5 } },
      { entity: { user: '' }, ops: { producer_byte_rate: 5 } },
      { entity: { host: 'a' }, ops: { producer_byte_rate: 5 } },
      { entity: {}, ops: { producer_byte_rate: 5 } },
    ])('to quotas $ops of $entity', async ({ entity, ops }) => {
      const entries = [
        {
          entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName: entityName })),
          ops: Object.entries(ops).map(([key, value]) => ({ key, value, remove: false })),
        },
      ]
      await same(AlterClientQuotas, { entries, validateOnly: true })
    })

    it.each([
      { given: 'nothing', components: [] },
      { given: 'any user', components: [['user', 2]] },
      {
        given: 'a user twice',
        components: [
          ['user', 2],
          ['user', 1],
        ],
      },
      {
        given: 'users and addresses',
        components: [
          ['user', 2],
          ['ip', 2],
        ],
      },
      { given: 'no type', components: [['', 2]] },
      { given: 'an unknown type', components: [['host', 2]] },
      { given: 'no name', components: [['user', 0]] },
      { given: 'a name for the default', components: [['user', 1, 'a']] },
      { given: 'an unknown match', components: [['user', 7]] },
    ])('to a filter of quotas: $given', async ({ components }) => {
      const given = components.map(([entityType, matchType, match = null]) => ({ entityType, matchType, match })) as []
      await same(DescribeClientQuotas, { components: given, strict: false })
    })

    it('to credentials', async () => {
      const set = (name: string, mechanism = 1, iterations = 4096) => ({
        name,
        mechanism,
        iterations,
        salt: Buffer.from('salt'),
        saltedPassword: Buffer.from('pw'),
      })
      const alter = (deletions: { name: string; mechanism: number }[], ...upsertions: ReturnType<typeof set>[]) =>
        same(AlterUserScramCredentials, { deletions, upsertions })
      expect(await alter([], set('u'))).toEqual(['NONE'])
      await alter([], set('u', 2, 16_384))
      await alter([], set('v', 1, 4095), set('w', 1, 16_385), set('x', 3), set(''))
      await alter([
        { name: 'nobody', mechanism: 1 },
        { name: 'nobody else', mechanism: 0 },
        { name: '', mechanism: 1 },
      ])
      await alter([{ name: 'u', mechanism: 1 }], set('u', 2))
      await alter([], set('y', 1), set('y', 2))
      await same(DescribeUserScramCredentials, { users: null })
      await same(DescribeUserScramCredentials, { users: [{ name: 'u' }, { name: 'nobody' }, { name: 'twice' }, { name: 'twice' }] })
      await alter([{ name: 'u', mechanism: 1 }])
      await same(UnregisterBroker, { brokerId: 7 })
    })

    it.each([
      { feature: 'metadata.version', maxVersionLevel: 99, upgradeType: 1 },
      { feature: 'metadata.version', maxVersionLevel: 0, upgradeType: 3 },
      { feature: 'nonsense', maxVersionLevel: 1, upgradeType: 1 },
      { feature: 'eligible.leader.replicas.version', maxVersionLevel: 0, upgradeType: 1 },
      { feature: 'eligible.leader.replicas.version', maxVersionLevel: 0, upgradeType: 2 },
      { feature: 'eligible.leader.replicas.version', maxVersionLevel: 1, upgradeType: 1 },
      { feature: 'eligible.leader.replicas.version', maxVersionLevel: 2, upgradeType: 1 },
      { feature: 'eligible.leader.replicas.version', maxVersionLevel: 1, upgradeType: 9 },
      { feature: 'eligible.leader.replicas.version', maxVersionLevel: -1, upgradeType: 2 },
    ])('to $feature $maxVersionLevel by upgrade type $upgradeType', async update => {
      for (const version of [1, 2]) await same(UpdateFeatures, { featureUpdates: [update], validateOnly: true }, version)
    })
  },
)

/** Every errorCode of a response, by name. */
function errorsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return []
  return Object.entries(value).flatMap(([name, each]) => (name === 'errorCode' ? [errorName(each as number)] : errorsIn(each)))
}

/** A name and its values in each line, of which several are separated by |. */
function readTable(table: string): [name: string, value: string][] {
  return table
    .trim()
    .split('\n')
    .flatMap(line => {
      const [name = '', values = ''] = line.trim().split(/ = ?/)
      return values.split('|').map((value): [string, string] => [name, value])
    })
}
