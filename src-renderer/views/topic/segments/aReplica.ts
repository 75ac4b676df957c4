import type { ReplicaFiles } from '../../../../src-main/contract/segments.ts'

/** For tests: a replica with one log of three batches; what they do not say does not matter to them. */
export const aReplica = (rest: Partial<ReplicaFiles> = {}): ReplicaFiles => ({
  brokerId: 1,
  folder: `/data/broker-${rest.brokerId ?? 1}/orders-0`,
  problem: null,
  isRunning: true,
  isLeader: false,
  isAssigned: true,
  topicId: 'id',
  isOfOtherTopic: false,
  logStartOffset: 0,
  highWatermark: 6,
  logEndOffset: 6,
  tornBytes: 0,
  epochs: [],
  files: [{ name: '00000000000000000000.log', kind: 'log', offset: 0, suffix: '', sizeBytes: 300 }],
  ...rest,
})
