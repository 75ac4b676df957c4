import { errorCode, errorMessage } from '../../protocol/errors.ts'
import { DescribeProducers } from '../../protocol/messages/describeProducers.ts'
import { handle } from './handle.ts'

export const describeProducers = handle(DescribeProducers, (request, { replicas, allowed }, call) => ({
  throttleTimeMs: 0,
  topics: request.topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map(partitionIndex => {
      const partition = allowed(call, 'read', { type: 'topic', name }) ? replicas.find(name, partitionIndex) : 'TOPIC_AUTHORIZATION_FAILED'
      const error = typeof partition === 'string' ? partition : partition.checkLeader(-1)
      if (error !== 'NONE' || typeof partition === 'string') {
        return { partitionIndex, errorCode: errorCode(error), errorMessage: errorMessage(error), activeProducers: [] }
      }
      return { partitionIndex, errorCode: 0, activeProducers: partition.log?.activeProducers() ?? [] }
    }),
  })),
}))
