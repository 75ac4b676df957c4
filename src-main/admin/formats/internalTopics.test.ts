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
