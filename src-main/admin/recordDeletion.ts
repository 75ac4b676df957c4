import type { Served } from '../contract/operations.ts'
import type { topics } from '../contract/topics.ts'
import { errorMessage, errorName, isRetriable, wantsRefresh } from '../protocol/errors.ts'
import { DeleteRecords } from '../protocol/messages/deleteRecords.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { isTransient, KafkaError } from './kafkaError.ts'
import { backoffMs, sleep } from './waiting.ts'

const TIMEOUT_MS = 5_000
const PATIENCE_MS = 15_000

interface Wanted {
  readonly partition: number
  readonly offset: number
}
type Moved = Awaited<ReturnType<Served<typeof topics>['deleteRecords']>>[number]

/**
 * Moves the start of partitions up to an offset, each at its leader. Asking again is harmless: a start moves forward only. One partition that
 * fails does not keep the others, and says why.
 */
export async function deleteRecords(client: KafkaClient, name: string, wanted: readonly Wanted[]): Promise<Moved[]> {
  const deadline = client.deadline(PATIENCE_MS)
  const moved = new Map<number, Moved>()
  let waiting = wanted
  for (let failures = 0; waiting.length > 0; failures++) {
    if (failures > 0) {
      client.forgetTopic(name)
      await sleep(client.clock, backoffMs(client.random, failures))
    }
    const { partitions } = await client.topic(name, { deadline })
    const leaders = new Map(partitions.map(({ partition, leader }) => [partition, leader]))
    const again: Wanted[] = []
    const failed = (each: Wanted, problem: Error, mayChange: boolean) => {
      if (mayChange && !deadline.isOver) again.push(each)
      else moved.set(each.partition, { partition: each.partition, logStartOffset: null, problem: problem.message })
    }
    await Promise.all(
      [...Map.groupBy(waiting, ({ partition }) => leaders.get(partition) ?? null)].map(async ([leader, asked]) => {
        try {
          if (leader === null) throw new KafkaError('LEADER_NOT_AVAILABLE')
          const request = {
            topics: [{ name, partitions: asked.map(({ partition, offset }) => ({ partitionIndex: partition, offset })) }],
            timeoutMs: TIMEOUT_MS,
          }
          const answer = await client.broker(leader, 'change', DeleteRecords, () => request, { timeoutMs: TIMEOUT_MS + 2_000 })
          for (const { partitionIndex, lowWatermark, errorCode } of answer.topics.flatMap(topic => topic.partitions)) {
            const error = errorName(errorCode)
            const each = asked.find(({ partition }) => partition === partitionIndex)
            if (error === 'NONE') moved.set(partitionIndex, { partition: partitionIndex, logStartOffset: lowWatermark, problem: null })
            else if (each !== undefined) {
              failed(each, new KafkaError(error, errorMessage(error)), isRetriable(error) || wantsRefresh(error))
            }
          }
        } catch (problem) {
          if (!isTransient(problem) && !(problem instanceof KafkaError)) throw problem
          for (const each of asked) failed(each, problem as Error, isTransient(problem))
        }
      }),
    )
    waiting = again
  }
  return wanted.flatMap(({ partition }) => moved.get(partition) ?? [])
}
