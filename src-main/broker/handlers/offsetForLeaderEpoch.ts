import { errorCode } from '../../protocol/errors.ts'
import { OffsetForLeaderEpoch } from '../../protocol/messages/offsetForLeaderEpoch.ts'
import { handle } from './handle.ts'

export const offsetForLeaderEpoch = handle(OffsetForLeaderEpoch, async (request, { replicas, allowed }, call) => {
  const settling = replicas.settled(
    request.topics.flatMap(({ topic, partitions }) => partitions.map(each => replicas.find(topic, each.partition))),
  )
  if (settling !== undefined) await settling
  return {
    throttleTimeMs: 0,
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition: index, currentLeaderEpoch, leaderEpoch }) => {
        const partition = allowed(call, 'describe', { type: 'topic', name: topic })
          ? replicas.find(topic, index)
          : 'TOPIC_AUTHORIZATION_FAILED'
        const error = typeof partition === 'string' ? partition : partition.checkLeader(currentLeaderEpoch)
        if (error !== 'NONE' || typeof partition === 'string' || partition.log === undefined)
          return { errorCode: errorCode(error), partition: index }
        const end = partition.log.endOffsetFor(leaderEpoch)
        return { errorCode: 0, partition: index, leaderEpoch: end.epoch, endOffset: end.endOffset }
      }),
    })),
  }
})
