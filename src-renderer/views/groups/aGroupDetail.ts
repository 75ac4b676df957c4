import type { GroupDetail, PartitionLag } from '../../../src-main/contract/groups.ts'

/** For tests: a partition that is ten records behind. */
export const aPartitionLag = (over: Partial<PartitionLag> = {}): PartitionLag => ({
  topic: 'orders',
  partition: 0,
  committedOffset: 90,
  logEndOffset: 100,
  lag: 10,
  lagMs: 200,
  status: 'ok',
  consumedPerSecond: 5,
  producedPerSecond: 5,
  caughtUpInMs: null,
  stillMs: 0,
  memberId: 'a',
  ...over,
})

/** For tests: a group with one member and one partition. */
export const aGroupDetail = (over: Partial<GroupDetail> = {}): GroupDetail => ({
  groupId: 'fulfilment',
  state: 'Stable',
  protocolType: 'consumer',
  assignor: 'range',
  coordinator: 1,
  members: [{ memberId: 'a', groupInstanceId: null, clientId: 'c', clientHost: '127.0.0.1', assignment: [] }],
  partitions: [aPartitionLag()],
  totalLag: 10,
  lagMs: 200,
  status: 'ok',
  consumedPerSecond: 5,
  producedPerSecond: 5,
  rateSpanMs: 60_000,
  offers: { resetOffsets: true, deleteOffsets: true, removeMember: true, deleteGroup: true },
  atMs: 0,
  ...over,
})
