import { errorCode, type ErrorName } from '../../protocol/errors.ts'
import { DeleteRecords } from '../../protocol/messages/deleteRecords.ts'
import type { Partition } from '../replication/partition.ts'
import { type BrokerParts, handle } from './handle.ts'

const UP_TO_HIGH_WATERMARK = -1

export const deleteRecords = handle(DeleteRecords, async (request, parts, call) => {
  const topics = request.topics.map(async ({ name, partitions }) => ({
    name,
    partitions: await Promise.all(
      partitions.map(async ({ partitionIndex, offset }) => {
        const result = parts.allowed(call, 'delete', { type: 'topic', name })
          ? await deleteUpTo(offset, { topic: name, index: partitionIndex, timeoutMs: request.timeoutMs }, parts)
          : ({ error: 'TOPIC_AUTHORIZATION_FAILED', lowWatermark: -1 } as const)
        return { partitionIndex, lowWatermark: result.lowWatermark, errorCode: errorCode(result.error) }
      }),
    ),
  }))
  return { throttleTimeMs: 0, topics: await Promise.all(topics) }
})

/** Raises the log start at once, and waits until every living replica has done so: only then are the records gone for good (KIP-107). */
async function deleteUpTo(
  asked: number,
  { topic, index, timeoutMs }: { topic: string; index: number; timeoutMs: number },
  { replicas, metadata, clock }: BrokerParts,
): Promise<{ error: ErrorName; lowWatermark: number }> {
  const found = replicas.find(topic, index)
  if (typeof found === 'string') return { error: found, lowWatermark: -1 }
  const partition: Partition = found
  const error = partition.checkLeader(-1)
  if (error !== 'NONE' || partition.log === undefined) return { error, lowWatermark: -1 }
  const { log } = partition
  const policy = replicas.settings.of(topic).log.cleanupPolicy
  if (policy.includes('compact') && !policy.includes('delete')) return { error: 'POLICY_VIOLATION', lowWatermark: -1 }
  const offset = asked === UP_TO_HIGH_WATERMARK ? log.highWatermark : asked
  if (offset < 0 || offset > log.highWatermark) return { error: 'OFFSET_OUT_OF_RANGE', lowWatermark: -1 }
  partition.raiseLogStart(offset)

  const lowWatermark = () => partition.leadership?.lowWatermark(id => metadata().isActive(id)) ?? -1
  return new Promise(resolve => {
    const finish = (outcome: ErrorName) => {
      timer.cancel()
      stop()
      resolve({ error: outcome, lowWatermark: outcome === 'NONE' ? lowWatermark() : -1 })
    }
    const timer = clock.after(timeoutMs, () => finish('REQUEST_TIMED_OUT'))
    const stop = partition.watch('lowWatermark', look)
    look()

    function look(): void {
      const lost = partition.checkLeader(-1)
      if (lost !== 'NONE') finish(lost)
      else if (lowWatermark() >= offset) finish('NONE')
    }
  })
}
