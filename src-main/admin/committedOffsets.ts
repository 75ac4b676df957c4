import { errorName } from '../protocol/errors.ts'
import { OffsetFetch } from '../protocol/messages/offsetFetch.ts'
import type { CommittedOffset } from './groupLag.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { throwIfRefused } from './kafkaError.ts'

/** A coordinator that has not answered by then is not waited for. */
const TIMEOUT_MS = 2_500
const FIRST_VERSION_WITH_MANY_GROUPS = 8
const NOTHING_COMMITTED = -1

/** How far groups have read, all topics; groups that the coordinator does not know are left out. Throws what it says of any of them. */
export async function committedOffsets(
  client: KafkaClient,
  coordinator: number,
  groupIds: readonly string[],
): Promise<ReadonlyMap<string, readonly CommittedOffset[]>> {
  const found = new Map<string, CommittedOffset[]>()
  for (let waiting = groupIds; waiting.length > 0;) {
    let asked = waiting
    const answer = await client.broker(
      coordinator,
      'query',
      OffsetFetch,
      version => {
        if (version >= FIRST_VERSION_WITH_MANY_GROUPS) return { groups: waiting.map(groupId => ({ groupId, topics: null })) }
        asked = waiting.slice(0, 1)
        return { groupId: asked[0] ?? '', topics: null }
      },
      { timeoutMs: TIMEOUT_MS },
    )
    const groups =
      answer.groups.length > 0 ? answer.groups : [{ groupId: asked[0] ?? '', topics: answer.topics, errorCode: answer.errorCode }]
    for (const { groupId, topics, errorCode } of groups) {
      if (errorName(errorCode) === 'GROUP_ID_NOT_FOUND') continue
      throwIfRefused(errorCode)
      const committed = topics.flatMap(({ name, partitions }) =>
        partitions
          .filter(each => errorName(each.errorCode) === 'NONE' && each.committedOffset !== NOTHING_COMMITTED)
          .map(({ partitionIndex, committedOffset }) => ({ topic: name, partition: partitionIndex, offset: committedOffset })),
      )
      found.set(groupId, committed)
    }
    waiting = waiting.slice(asked.length)
  }
  return found
}
