import { describe, expect, it } from 'vitest'
import type { VoteRequest } from '../protocol/messages/vote.ts'
import { aVoteRequest } from './builders.ts'
import { type Addressee, voteRequest, voteRequestFrom, voteResponse } from './messages.ts'

const to: Addressee = { nodeId: 1, clusterId: 'clusterAAAAAAAAAAAAAAA', directoryId: 'directoryOfVoter1AAAAA' }
const request = voteRequest(aVoteRequest(), 1, to.clusterId) as VoteRequest
const topic = request.topics[0]!
const partition = topic.partitions[0]!
const withPartition = (given: Partial<typeof partition>): VoteRequest => ({
  ...request,
  topics: [{ ...topic, partitions: [{ ...partition, ...given }] }],
})

describe('a request among voters', () => {
  it('says what was asked', () => {
    expect(voteRequestFrom(request, to)).toEqual(aVoteRequest())
  })

  it.each([
    { given: 'of another cluster', request: { ...request, clusterId: 'another' }, error: 'INCONSISTENT_CLUSTER_ID' },
    { given: 'for another voter', request: { ...request, voterId: 2 }, error: 'INVALID_VOTER_KEY' },
    { given: 'for another disk', request: withPartition({ voterDirectoryId: 'anotherDirectoryAAAAAA' }), error: 'INVALID_VOTER_KEY' },
    { given: 'about another partition', request: withPartition({ partitionIndex: 1 }), error: 'INVALID_REQUEST' },
    { given: 'about another topic', request: { ...request, topics: [{ ...topic, topicName: 'orders' }] }, error: 'INVALID_REQUEST' },
    { given: 'about nothing', request: { ...request, topics: [] }, error: 'INVALID_REQUEST' },
    { given: 'about two topics', request: { ...request, topics: [topic, topic] }, error: 'INVALID_REQUEST' },
  ])('$given is refused with $error', ({ request, error }) => {
    expect(voteRequestFrom(request, to)).toBe(error)
  })

  it('that is not for us is answered with nothing but the error', () => {
    expect(voteResponse('INCONSISTENT_CLUSTER_ID')).toEqual({ errorCode: 104, topics: [] })
  })
})
