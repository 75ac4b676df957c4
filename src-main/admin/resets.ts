import type { PlannedOffset, ResetPlan, ResetScope, ResetTarget } from '../contract/offsetReset.ts'
import type { TopicMetadata } from './clusterMetadata.ts'
import { committedOffsets } from './committedOffsets.ts'
import { commitOffsets, refuseMembers } from './groupChanges.ts'
import type { CommittedOffset } from './groupLag.ts'
import { lookAtGroup, type GroupLook } from './groupLooks.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { KafkaError } from './kafkaError.ts'
import { EARLIEST, LATEST, listOffsets, NO_OFFSET, type OffsetTable } from './offsets.ts'
import { resetRow, type Wish } from './resetRow.ts'

const PATIENCE_MS = 4_000

/** Thrown when offsets are not any more what a person has seen: doing what was agreed to would do something else. */
export class PlanOutdated extends Error {
  readonly code = 'PLAN_OUTDATED'

  constructor(groupId: string, { topic, partition }: { readonly topic: string; readonly partition: number }) {
    super(`${groupId} has committed another offset of ${topic}-${partition} since then. Nothing was changed.`)
    this.name = 'PlanOutdated'
  }
}

const keyOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }) => `${topic} ${partition}`
const byKey = (offsets: readonly CommittedOffset[]) => new Map(offsets.map(each => [keyOf(each), each.offset]))

/** What a reset would do, partition by partition. Changes nothing. */
export async function planReset(
  client: KafkaClient,
  { groupId, target, scope }: { readonly groupId: string; readonly target: ResetTarget; readonly scope: ResetScope },
): Promise<ResetPlan> {
  const look = await lookAtGroup(client, groupId)
  const topics = await topicsInScope(client, look, target.kind === 'list' && scope === null ? scopeOf(target.offsets) : scope)
  const deadline = client.deadline(PATIENCE_MS)
  const [starts, ends, wishOf] = await Promise.all([
    listOffsets(client, topics, EARLIEST, deadline),
    listOffsets(client, topics, LATEST, deadline),
    wishes(client, target, topics),
  ])
  const committed = committedOf(look)
  const rows = topics.flatMap(({ name: topic, partitions }) =>
    partitions.map(({ partition }) => {
      const [start, end] = [starts.get(topic, partition), ends.get(topic, partition)]
      const ground = { topic, partition, committed: committed.get(keyOf({ topic, partition })) ?? null, start, end }
      return resetRow(ground, wishOf(ground))
    }),
  )
  return { rows, members: look.members.length, atMs: look.atMs }
}

/** Commits what was planned, unless the ground has changed, and makes sure that it is what the group has now. */
export async function reset(client: KafkaClient, groupId: string, planned: readonly PlannedOffset[]): Promise<void> {
  const look = await lookAtGroup(client, groupId)
  if (look.members.length > 0) refuseMembers(groupId, 'NON_EMPTY_GROUP')
  const before = committedOf(look)
  for (const each of planned) if ((before.get(keyOf(each)) ?? null) !== each.before) throw new PlanOutdated(groupId, each)
  await commitOffsets(
    client,
    groupId,
    planned.map(({ topic, partition, after }) => ({ topic, partition, offset: after })),
  )
  const after = byKey((await committedOffsets(client, await client.coordinatorOf(groupId), [groupId])).get(groupId) ?? [])
  const missed = planned.find(each => after.get(keyOf(each)) !== each.after)
  if (missed === undefined) return
  throw new KafkaError(
    'UNKNOWN_SERVER_ERROR',
    `The cluster took the offsets and has another one of ${missed.topic}-${missed.partition} now.`,
  )
}

const committedOf = ({ partitions }: GroupLook) =>
  new Map(partitions.filter(each => each.committedOffset !== null).map(each => [keyOf(each), each.committedOffset]))

function scopeOf(offsets: readonly CommittedOffset[]): ResetScope {
  return [...Map.groupBy(offsets, ({ topic }) => topic)].map(([topic, of]) => ({ topic, partitions: of.map(({ partition }) => partition) }))
}

/** With only those partitions that are meant. A topic that does not exist any more is left out where nobody named it. */
async function topicsInScope(client: KafkaClient, look: GroupLook, scope: ResetScope): Promise<TopicMetadata[]> {
  const meant = scope ?? look.topics.map(topic => ({ topic, partitions: null }))
  const found = await Promise.all(
    meant.map(async ({ topic: name, partitions }) => {
      try {
        const topic = await client.topic(name, { isFresh: true })
        if (partitions === null) return topic
        const missing = partitions.find(wanted => !topic.partitions.some(({ partition }) => partition === wanted))
        if (missing !== undefined)
          throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${name} has no partition ${missing}.`, { isFinal: true })
        return { ...topic, partitions: topic.partitions.filter(({ partition }) => partitions.includes(partition)) }
      } catch (problem) {
        if (scope === null && problem instanceof KafkaError && problem.code === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined
        throw problem
      }
    }),
  )
  return found.filter(topic => topic !== undefined)
}

type Ground = Parameters<typeof resetRow>[0]

/** What is asked for each partition, once all that has to be learned for it is there. */
async function wishes(client: KafkaClient, target: ResetTarget, topics: readonly TopicMetadata[]): Promise<(ground: Ground) => Wish> {
  switch (target.kind) {
    case 'earliest':
      return ({ start }) => ({ offset: start ?? 0 })
    case 'latest':
      return ({ end }) => ({ offset: end ?? 0 })
    case 'offset':
      return () => ({ offset: target.offset })
    case 'shift':
      return ({ committed }) => (committed === null ? { note: 'nothingToShift' } : { offset: committed + target.by })
    case 'time':
      return atTime(await listOffsets(client, topics, Math.max(0, target.timestampMs), client.deadline(PATIENCE_MS)))
    case 'duration': {
      const timestampMs = Math.max(0, client.clock.now() - target.durationMs)
      return atTime(await listOffsets(client, topics, timestampMs, client.deadline(PATIENCE_MS)))
    }
    case 'group': {
      const coordinator = await client.coordinatorOf(target.groupId)
      return copied(byKey((await committedOffsets(client, coordinator, [target.groupId])).get(target.groupId) ?? []))
    }
    case 'list':
      return copied(byKey(target.offsets))
  }
}

function atTime(found: OffsetTable): (ground: Ground) => Wish {
  return ({ topic, partition, end }) => {
    const offset = found.get(topic, partition)
    if (offset === undefined || end === undefined) return { note: 'unknown' }
    return offset === NO_OFFSET ? { offset: end, note: 'noYoungerRecord' } : { offset }
  }
}

function copied(offsets: ReadonlyMap<string, number>): (ground: Ground) => Wish {
  return ground => {
    const offset = offsets.get(keyOf(ground))
    return offset === undefined ? { note: 'nothingToCopy' } : { offset }
  }
}
