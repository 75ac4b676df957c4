import { describe, expect, it } from 'vitest'
import { errorName } from '../../protocol/errors.ts'
import type { ListOffsetsRequest, ListOffsetsResponse } from '../../protocol/messages/listOffsets.ts'
import type { Call } from '../../wire/handler.ts'
import type { BrokerParts } from './handle.ts'
import { listOffsets } from './listOffsets.ts'

const [LATEST, EARLIEST] = [-1, -2]
const [CONSUMER, FOLLOWER] = [-1, 2]

/** Asks a leader whose epoch began at offset 10, behind records of the one before of which those below `highWatermark` are committed for sure. */
async function ask(highWatermark: number, timestamp: number, { replicaId = CONSUMER, apiVersion = 9 } = {}) {
  const log = {
    logStartOffset: 0,
    logEndOffset: 12,
    highWatermark,
    lastStableOffset: highWatermark,
    latestEpoch: 3,
    epochAt: () => 1,
    offsetForTimestamp: async () => ({ offset: 8, timestamp: 1000, leaderEpoch: 2 }),
  }
  const partition = { checkLeader: () => 'NONE', log, leadership: { epochStartOffset: 10 } }
  const parts = { replicas: { find: () => partition, settled: () => undefined }, allowed: () => true } as unknown as BrokerParts
  const request: ListOffsetsRequest = {
    replicaId,
    isolationLevel: 0,
    topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp }] }],
  }
  const { topics } = (await listOffsets.answer(request as never, parts, { apiVersion } as Call)) as ListOffsetsResponse
  const { errorCode, offset } = topics[0]!.partitions[0]!
  return errorCode === 0 ? offset : errorName(errorCode)
}

describe('a new leader', () => {
  it('says where a partition ends once it knows what the leader before had committed', async () => {
    expect(await ask(9, LATEST)).toBe('OFFSET_NOT_AVAILABLE')
    expect(await ask(9, LATEST, { apiVersion: 4 })).toBe('LEADER_NOT_AVAILABLE')
    expect(await ask(10, LATEST)).toBe(10)
    expect(await ask(11, LATEST)).toBe(11)
  })

  it('says of what is committed for sure where it is, and of other records nothing yet', async () => {
    expect(await ask(9, EARLIEST)).toBe(0)
    expect(await ask(9, 500)).toBe(8)
    expect(await ask(8, 500)).toBe('OFFSET_NOT_AVAILABLE')
  })

  it('tells its followers where its log ends', async () => {
    expect(await ask(9, LATEST, { replicaId: FOLLOWER })).toBe(12)
  })
})
