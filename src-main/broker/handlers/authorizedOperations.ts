/** Kafka's operation numbers. */
const operation = {
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  clusterAction: 9,
  describeConfigs: 10,
  alterConfigs: 11,
  idempotentWrite: 12,
} as const

const bits = (...operations: readonly number[]) => operations.reduce((field, each) => field | (1 << each), 0)

/** Stands for "not asked". */
export const NOT_ASKED = -0x8000_0000

/** What everybody may do while there is no authorizer, as the bit fields of Metadata, DescribeCluster and DescribeGroups. */
export const everyTopicOperation = bits(
  operation.read,
  operation.write,
  operation.create,
  operation.delete,
  operation.alter,
  operation.describe,
  operation.describeConfigs,
  operation.alterConfigs,
)
export const everyClusterOperation = bits(
  operation.create,
  operation.alter,
  operation.describe,
  operation.clusterAction,
  operation.describeConfigs,
  operation.alterConfigs,
  operation.idempotentWrite,
)
