import { describe, expect, it } from 'vitest'
import { encodeAssignment, encodeSubscription } from '../../protocol/messages/consumerProtocol.ts'
import { encodeGroupRecord } from '../../protocol/messages/groupRecords.ts'
import { encodeMetadataRecord } from '../../protocol/messages/metadataRecords.ts'
import { encodeTransactionRecord } from '../../protocol/messages/transactionRecords.ts'
import { DETAIL_BOUNDS } from './bounds.ts'
import { valueOfDecoded } from './readDecoded.ts'
import { RecordDecoder } from './recordDecoder.ts'

function read(topic: string, part: 'key' | 'value', { key, value }: { key: Buffer | null; value: Buffer | null }) {
  const bytes = (part === 'key' ? key : value)!
  const decoded = new RecordDecoder({ topic }).decode(part, bytes, { key, headers: [] }, DETAIL_BOUNDS)
  return { format: decoded.format, problem: decoded.problem, value: valueOfDecoded(decoded, bytes, 1_000) }
}

describe('the topics of Kafka itself', () => {
  it('tell of committed offsets', () => {
    const record = encodeGroupRecord({
      type: 'offsetCommit',
      group: 'billing',
      topic: 'orders',
      partition: 3,
      value: { offset: 42, leaderEpoch: 7, metadata: '', commitTimestamp: 1_700_000_000_000 },
    })
    expect(read('__consumer_offsets', 'key', record)).toMatchObject({
      format: 'consumerOffsets',
      value: { type: 'offsetCommit', group: 'billing', topic: 'orders', partition: 3 },
    })
    expect(read('__consumer_offsets', 'value', record).value).toMatchObject({ version: 4, offset: 42, leaderEpoch: 7 })
  })

  it.each([
    { version: 0, bytes: '0000 000000000000002a 0000 0000018bcfe56800' },
    { version: 1, bytes: '0001 000000000000002a 0000 0000018bcfe56800 0000018bcfe56900' },
    { version: 2, bytes: '0002 000000000000002a 0000 0000018bcfe56800' },
    { version: 3, bytes: '0003 000000000000002a 00000007 0000 0000018bcfe56800' },
  ])('tell of an offset that was committed in version $version', ({ version, bytes }) => {
    const key = Buffer.from('0000 0001 67 0001 74 00000000'.replaceAll(' ', ''), 'hex')
    const { value } = read('__consumer_offsets', 'value', { key, value: Buffer.from(bytes.replaceAll(' ', ''), 'hex') })
    expect(value).toMatchObject({ version, offset: 42, commitTimestamp: 1_700_000_000_000 })
  })

  it('tell what members of a group subscribed to and were given', () => {
    const record = encodeGroupRecord({
      type: 'groupMetadata',
      group: 'billing',
      value: {
        protocolType: 'consumer',
        generation: 4,
        protocol: 'range',
        leader: 'm1',
        currentStateTimestamp: 5,
        members: [
          {
            memberId: 'm1',
            groupInstanceId: null,
            clientId: 'c',
            clientHost: '/127.0.0.1',
            rebalanceTimeout: 1,
            sessionTimeout: 2,
            subscription: encodeSubscription({ topics: ['orders'] }),
            assignment: encodeAssignment({ assignedPartitions: [{ topic: 'orders', partitions: [0, 2] }] }),
          },
        ],
      },
    })
    expect(read('__consumer_offsets', 'value', record).value).toMatchObject({
      generation: 4,
      members: [{ subscription: { topics: ['orders'] }, assignment: { assignedPartitions: [{ topic: 'orders', partitions: [0, 2] }] } }],
    })
  })

  const parts = (key: string, value: string) => ({
    key: Buffer.from(key.replaceAll(' ', ''), 'hex'),
    value: Buffer.from(value.replaceAll(' ', ''), 'hex'),
  })
  const UUID = '000102030405060708090a0b0c0d0e0f'
  const TOPIC_ID = 'AAECAwQFBgcICQoLDA0ODw'

  it('tell of the epoch of a consumer group, with all digits of the hash', () => {
    const record = parts('0003 0001 67', '0000 00000005 01 00 08 7fffffffffffffff')
    expect(read('__consumer_offsets', 'key', record).value).toEqual({ type: 'consumerGroupMetadata', group: 'g' })
    const decoded = new RecordDecoder({ topic: '__consumer_offsets' }).decode(
      'value',
      record.value,
      { key: record.key, headers: [] },
      DETAIL_BOUNDS,
    )
    expect(decoded.content).toEqual({ kind: 'value', value: { version: 0, epoch: 5, metadataHash: 0x7fffffffffffffffn } })
  })

  it('tell what a member of a consumer group owns, and since which epoch', () => {
    const owned = `02 ${UUID} 02 00000003 01 00 05 02 00000004`
    const record = parts('0008 0001 67 0002 6d31', `0000 00000005 00000004 01 ${owned} 01 00`)
    expect(read('__consumer_offsets', 'key', record).value).toEqual({
      type: 'consumerGroupCurrentMemberAssignment',
      group: 'g',
      memberId: 'm1',
    })
    expect(read('__consumer_offsets', 'value', record).value).toEqual({
      version: 0,
      memberEpoch: 5,
      previousMemberEpoch: 4,
      state: 1,
      assignedPartitions: [{ topicId: TOPIC_ID, partitions: [3], assignmentEpochs: [4] }],
      partitionsPendingRevocation: [],
    })
  })

  it('tell what a member wants that still speaks the classic protocol', () => {
    const subscription = encodeSubscription({ topics: ['orders'] })
    const protocol = `02 06 72616e6765 ${(subscription.length + 1).toString(16).padStart(2, '0')} ${subscription.toString('hex')} 00`
    const classic = `01 0000afc8 ${protocol} 00`
    const size = (classic.replaceAll(' ', '').length / 2).toString(16).padStart(2, '0')
    const record = parts('0005 0001 67 0002 6d31', `0000 00 00 02 63 02 68 02 07 6f7264657273 00 0000ea60 00 01 00 ${size} ${classic}`)
    expect(read('__consumer_offsets', 'value', record).value).toMatchObject({
      clientId: 'c',
      subscribedTopicNames: ['orders'],
      rebalanceTimeoutMs: 60_000,
      classicMemberMetadata: {
        sessionTimeoutMs: 45_000,
        supportedProtocols: [{ name: 'range', metadata: { topics: ['orders'] } }],
      },
    })
  })

  it('tell of share groups', () => {
    const topic = `02 ${UUID} 02 74 03 00000000 00000001 00`
    const record = parts('000f 0001 67', `0000 01 ${topic} 01 00`)
    expect(read('__consumer_offsets', 'key', record).value).toEqual({ type: 'shareGroupStatePartitionMetadata', group: 'g' })
    expect(read('__consumer_offsets', 'value', record).value).toEqual({
      version: 0,
      initializingTopics: [],
      initializedTopics: [{ topicId: TOPIC_ID, topicName: 't', partitions: [0, 1] }],
      deletingTopics: [],
    })
  })

  it('tell of streams groups', () => {
    const record = parts('0016 0001 67 0002 6d31', '0000 00000002 00000001 00 02 02 30 02 00000007 00 01 01 01 01 01 00')
    expect(read('__consumer_offsets', 'value', record).value).toMatchObject({
      memberEpoch: 2,
      activeTasks: [{ subtopologyId: '0', partitions: [7], assignmentEpochs: null }],
      warmupTasks: [],
    })
  })

  it.each([
    { type: '0009', what: 'type 9, shareGroupPartitionMetadata' },
    { type: '0012', what: 'type 18, streamsGroupPartitionMetadata' },
    { type: '0018', what: 'type 24' },
  ])('name a record that nothing describes: $what', ({ type, what }) => {
    const record = parts(`${type} 0001 67`, '0000 00000005 00')
    for (const part of ['key', 'value'] as const) {
      expect(read('__consumer_offsets', part, record)).toMatchObject({ problem: { code: 'unknownRecord', details: { what } } })
    }
  })

  it('do not guess at a version to come', () => {
    const record = parts('0003 0001 67', '0001 00000005 00')
    expect(read('__consumer_offsets', 'value', record).problem).toMatchObject({ code: 'malformed' })
  })

  it('tell of transactions', () => {
    const record = encodeTransactionRecord('tx', {
      producerId: 9,
      producerEpoch: 1,
      transactionTimeoutMs: 60_000,
      transactionStatus: 4,
      transactionPartitions: [{ topic: 'orders', partitionIds: [1] }],
      transactionLastUpdateTimestampMs: 1,
      transactionStartTimestampMs: 0,
    })
    expect(read('__transaction_state', 'key', record).value).toEqual({ type: 'transaction', transactionalId: 'tx' })
    expect(read('__transaction_state', 'value', record).value).toMatchObject({
      version: 1,
      producerId: 9,
      transactionStatus: 'CompleteCommit',
    })
  })

  it('tell of the metadata of the cluster', () => {
    const value = encodeMetadataRecord({ type: 'ConfigRecord', resourceType: 2, resourceName: 'orders', name: 'retention.ms', value: '5' })
    expect(read('__cluster_metadata', 'value', { key: null, value })).toMatchObject({
      format: 'clusterMetadata',
      value: { type: 'ConfigRecord', name: 'retention.ms' },
    })
  })

  it('say why where a record is not known', () => {
    const key = Buffer.from('00630000', 'hex')
    expect(read('__consumer_offsets', 'value', { key, value: key }).problem).toEqual({
      code: 'unknownRecord',
      details: { what: 'type 99' },
    })
    expect(read('__transaction_state', 'value', { key: null, value: key }).problem).toMatchObject({ code: 'unknownRecord' })
    expect(read('__cluster_metadata', 'value', { key: null, value: Buffer.from('09', 'hex') }).problem).toMatchObject({ code: 'malformed' })
  })
})
