import { describe, expect, it } from 'vitest'
import clientFrames from '../fixtures/clientFrames.json' with { type: 'json' }
import vectors from '../fixtures/vectors.json' with { type: 'json' }
import { decodeRequestBody, decodeRequestHeader, decodeResponse, encodeRequest, encodeResponse } from '../header.ts'
import { type ControlRecordInput, decodeControlRecord, encodeControlRecord } from './controlRecords.ts'
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './consumerProtocol.ts'
import { encodeGroupRecord } from './groupRecords.ts'
import { allApis, ApiVersions, Heartbeat, Metadata } from './index.ts'
import { encodeMetadataRecord } from './metadataRecords.ts'
import { decodeTransactionRecord, encodeTransactionRecord } from './transactionRecords.ts'

const hexOf = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString('hex')
const frame = (name: string) => vectors.frames.find(each => each.name === name)!.hex
const bodyOf = (name: string) => Buffer.from(frame(name), 'hex').subarray(4)

describe('the published frames', () => {
  it('of an ApiVersions request', () => {
    expect(hexOf(encodeRequest(ApiVersions, 0, 1, 'cli', {}))).toBe(frame('ApiVersions v0 request'))
    const software = { clientSoftwareName: 'sw', clientSoftwareVersion: '1.0' }
    expect(hexOf(encodeRequest(ApiVersions, 3, 2, 'cli', software))).toBe(frame('ApiVersions v3 request'))
  })

  it('of an ApiVersions response, whose header has no tags in any version', () => {
    const apiKeys = [{ apiKey: 18, minVersion: 0, maxVersion: 4 }]
    expect(hexOf(encodeResponse(ApiVersions, 3, 2, { errorCode: 0, apiKeys }))).toBe(frame('ApiVersions v3 response'))
    expect(hexOf(encodeResponse(ApiVersions, 0, 3, { errorCode: 35, apiKeys }))).toBe(frame('ApiVersions unsupported version answer'))
    expect(decodeResponse(ApiVersions, 3, bodyOf('ApiVersions v3 response')).body).toMatchObject({ apiKeys, finalizedFeaturesEpoch: -1 })
  })

  it('of a Metadata request for all topics', () => {
    expect(hexOf(encodeRequest(Metadata, 12, 4, 'cli', { topics: null, allowAutoTopicCreation: false }))).toBe(
      frame('Metadata v12 request, all topics'),
    )
  })

  it('of a Heartbeat response, whose header has tags', () => {
    expect(hexOf(encodeResponse(Heartbeat, 4, 5, { errorCode: 27 }))).toBe(frame('Heartbeat v4 response header'))
  })
})

describe('the published keys', () => {
  it('of group records', () => {
    const commit = { type: 'offsetCommit', group: 'my-group', topic: 't', partition: 2, value: null } as const
    expect(encodeGroupRecord(commit).key.toString('hex')).toBe(vectors.keys['OffsetCommitKey v1 (group my-group, topic t, partition 2)'])
    const group = { type: 'groupMetadata', group: 'my-group', value: null } as const
    expect(encodeGroupRecord(group).key.toString('hex')).toBe(vectors.keys['GroupMetadataKey v2 (group my-group)'])
  })

  it('of a transaction', () => {
    const state = {
      producerId: 4000,
      producerEpoch: 1,
      transactionTimeoutMs: 60_000,
      transactionStatus: 1,
      transactionPartitions: [{ topic: 't', partitionIds: [0, 2] }],
      transactionLastUpdateTimestampMs: 5,
      transactionStartTimestampMs: 4,
    }
    const { key, value } = encodeTransactionRecord('tx-1', state)
    expect(key.toString('hex')).toBe(vectors.keys['TransactionLogKey v0 (transactional id tx-1)'])
    const absent = { previousProducerId: -1, nextProducerId: -1, nextProducerEpoch: -1, clientTransactionVersion: 0 }
    expect(decodeTransactionRecord(key, value)).toEqual({ transactionalId: 'tx-1', value: { ...state, ...absent } })
    expect(decodeTransactionRecord(key, null)).toEqual({ transactionalId: 'tx-1', value: null })
  })

  it('of a metadata record', () => {
    const topic = { type: 'TopicRecord', name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAg' } as const
    expect(encodeMetadataRecord(topic).toString('hex')).toBe(
      vectors.keys['metadata record TopicRecord v0 (frame 1, type 2, version 0, name t, id 00..02)'],
    )
  })
})

describe('the classic consumer protocol', () => {
  it('is written as published', () => {
    expect(encodeSubscription({ topics: ['t'] }, 0).toString('hex')).toBe(vectors.keys['ConsumerProtocolSubscription v0 (topics [t])'])
    const assignment = { assignedPartitions: [{ topic: 't', partitions: [0, 1] }] }
    expect(encodeAssignment(assignment, 0).toString('hex')).toBe(vectors.keys['ConsumerProtocolAssignment v0 (t: [0,1])'])
  })

  it('is read from a newer version as from the newest known, whatever follows', () => {
    const ours = encodeSubscription({ topics: ['t'], generationId: 7, rackId: 'r' })
    const newer = Buffer.concat([ours, Buffer.from('more')])
    newer.writeInt16BE(9, 0)
    expect(decodeSubscription(newer)).toEqual(decodeSubscription(ours))
  })

  it('has an assignment of nothing in no bytes', () =>
    expect(decodeAssignment(Buffer.alloc(0))).toEqual({ assignedPartitions: [], userData: null }))
})

describe('the published control records', () => {
  const markers: [name: string, record: ControlRecordInput][] = [
    ['commit-marker', { type: 'commit', coordinatorEpoch: 5 }],
    ['abort-marker', { type: 'abort', coordinatorEpoch: 5 }],
  ]
  it.each(markers)('%s', (name, record) => {
    const { key, value } = encodeControlRecord(record)
    expect(vectors.record_batches.find(batch => batch.name === name)!.hex).toContain(`08${key.toString('hex')}0c${value.toString('hex')}`)
    expect(decodeControlRecord(key, value)).toEqual(record)
  })
})

describe.each(Object.entries(clientFrames))('what %s sends', (_, frames) => {
  it.each(frames)('is understood, and written again to the same bytes: $name', ({ name, hex }) => {
    const opened = decodeRequestHeader(Buffer.from(hex, 'hex').subarray(4))
    const { apiKey, apiVersion, correlationId, clientId } = opened.header
    const api = allApis.find(each => each.key === apiKey)!
    expect(`${api.name} v${apiVersion}`).toBe(name)
    const body = decodeRequestBody(api, opened)
    expect(opened.rest.remaining).toBe(0)
    expect(hexOf(encodeRequest(api, apiVersion, correlationId, clientId, body as never))).toBe(hex)
  })
})
