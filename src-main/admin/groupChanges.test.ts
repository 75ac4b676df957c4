import { afterEach, describe, expect, it } from 'vitest'
import type { ResetTarget } from '../contract/offsetReset.ts'
import { LeaveGroup } from '../protocol/messages/leaveGroup.ts'
import { ListOffsets } from '../protocol/messages/listOffsets.ts'
import { OffsetCommit } from '../protocol/messages/offsetCommit.ts'
import { OffsetDelete } from '../protocol/messages/offsetDelete.ts'
import { buildBatch } from '../protocol/records/batchBuilder.ts'
import { aGroup, type ScriptedGroup, scriptGroups } from '../simulation/kafka/scriptedGroups.ts'
import { ScriptedKafka } from '../simulation/kafka/scriptedKafka.ts'
import { type AdminServices, adminServices } from './adminServices.ts'

const clusterId = 'scripted'

let kafka: ScriptedKafka
let admin: AdminServices
let groups: Map<string, ScriptedGroup>
afterEach(async () => {
  await admin.close()
  kafka.world.close()
})

/** Three partitions of a hundred records, the first ten of which are gone. */
async function connected(given: Record<string, ScriptedGroup>, more: (kafka: ScriptedKafka) => void = () => {}): Promise<void> {
  groups = new Map(Object.entries(given))
  kafka = new ScriptedKafka()
  const { partitions } = kafka.topic('orders', { partitions: 3 })
  const records = Array.from({ length: 100 }, () => ({ key: null, value: null, timestamp: 1 }))
  for (const [partition, each] of partitions.entries()) {
    kafka.append('orders', partition, buildBatch({ records }))
    each.start = 10
  }
  scriptGroups(kafka, groups)
  more(kafka)
  await kafka.world.settle(kafka.start())
  admin = adminServices(kafka.world.env('client'), { bootstrapOf: () => [1, 2, 3].map(broker => kafka.addressOf(broker)) })
}

const settle = <T>(promise: Promise<T>) => kafka.world.settle(promise)
const plan = (target: ResetTarget, partitions: number[] | null = null) =>
  settle(admin.groups.planReset({ clusterId, groupId: 'a', target, scope: [{ topic: 'orders', partitions }] }))
const asRows = (rows: Awaited<ReturnType<typeof plan>>['rows']) =>
  rows.map(({ partition, before, after, readAgain, skipped, note }) => [partition, before, after, readAgain, skipped, note])
const reset = (offsets: readonly (readonly [partition: number, before: number | null, after: number])[]) =>
  settle(
    admin.groups.reset({
      clusterId,
      groupId: 'a',
      offsets: offsets.map(([partition, before, after]) => ({ topic: 'orders', partition, before, after })),
    }),
  )

describe('the plan of a reset', () => {
  const idle = { a: aGroup({ state: 'Empty', committed: { 0: 60, 1: 100 } }), b: aGroup({ coordinator: 1, committed: { 0: 5, 1: 77 } }) }

  it.each<{ target: ResetTarget; rows: unknown[] }>([
    {
      target: { kind: 'earliest' },
      rows: [
        [0, 60, 10, 50, 0, 'asAsked'],
        [1, 100, 10, 90, 0, 'asAsked'],
        [2, null, 10, 0, 0, 'asAsked'],
      ],
    },
    {
      target: { kind: 'latest' },
      rows: [
        [0, 60, 100, 0, 40, 'asAsked'],
        [1, 100, 100, 0, 0, 'asAsked'],
        [2, null, 100, 0, 0, 'asAsked'],
      ],
    },
    {
      target: { kind: 'offset', offset: 70 },
      rows: [
        [0, 60, 70, 0, 10, 'asAsked'],
        [1, 100, 70, 30, 0, 'asAsked'],
        [2, null, 70, 0, 0, 'asAsked'],
      ],
    },
    {
      target: { kind: 'offset', offset: 500 },
      rows: [
        [0, 60, 100, 0, 40, 'atEnd'],
        [1, 100, 100, 0, 0, 'atEnd'],
        [2, null, 100, 0, 0, 'atEnd'],
      ],
    },
    {
      target: { kind: 'shift', by: -60 },
      rows: [
        [0, 60, 10, 50, 0, 'atStart'],
        [1, 100, 40, 60, 0, 'asAsked'],
        [2, null, null, 0, 0, 'nothingToShift'],
      ],
    },
    {
      target: { kind: 'group', groupId: 'b' },
      rows: [
        [0, 60, 10, 50, 0, 'atStart'],
        [1, 100, 77, 23, 0, 'asAsked'],
        [2, null, null, 0, 0, 'nothingToCopy'],
      ],
    },
    {
      target: { kind: 'list', offsets: [{ topic: 'orders', partition: 2, offset: 42 }] },
      rows: [
        [0, 60, null, 0, 0, 'nothingToCopy'],
        [1, 100, null, 0, 0, 'nothingToCopy'],
        [2, null, 42, 0, 0, 'asAsked'],
      ],
    },
  ])('to $target.kind shows each partition before and after', async ({ target, rows }) => {
    await connected(structuredClone(idle))
    const planned = await plan(target)
    expect(asRows(planned.rows)).toEqual(rows)
    expect(planned.members).toBe(0)
    expect(kafka.countOf(OffsetCommit)).toBe(0)
  })

  it('to a time asks the leaders, and goes to the end where no record is so young', async () => {
    const timestamps: number[] = []
    await connected(structuredClone(idle), given => {
      const usual = given.scripted(ListOffsets)
      given.script(ListOffsets, async (request, call) => {
        const answer = (await usual(request, call)) as unknown as {
          topics: { partitions: { partitionIndex: number; offset?: number }[] }[]
        }
        const asked = request.topics[0]?.partitions[0]?.timestamp ?? -1
        if (asked >= 0) {
          timestamps.push(asked)
          for (const topic of answer.topics) for (const each of topic.partitions) each.offset = each.partitionIndex === 0 ? 33 : -1
        }
        return answer as never
      })
    })
    expect(asRows((await plan({ kind: 'time', timestampMs: 5_000 }, [0, 1])).rows)).toEqual([
      [0, 60, 33, 27, 0, 'asAsked'],
      [1, 100, 100, 0, 0, 'noYoungerRecord'],
    ])
    await plan({ kind: 'duration', durationMs: 1_000 }, [0])
    expect(timestamps.at(-1)).toBeGreaterThan(5_000)
  })

  it('is of the chosen partitions alone, and refuses those that do not exist', async () => {
    await connected(structuredClone(idle))
    expect((await plan({ kind: 'earliest' }, [1])).rows).toHaveLength(1)
    await expect(plan({ kind: 'earliest' }, [1, 7])).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  it('says how many members are in the way', async () => {
    await connected({ a: aGroup({ members: { m1: [0], m2: [1] }, committed: { 0: 60 } }) })
    expect((await plan({ kind: 'latest' })).members).toBe(2)
  })
})

describe('a reset', () => {
  it('commits what was planned and makes sure of it', async () => {
    await connected({ a: aGroup({ state: 'Empty', committed: { 0: 60, 1: 70 } }) })
    await reset([
      [0, 60, 10],
      [2, null, 100],
    ])
    expect(groups.get('a')!.committed).toEqual({ 0: 10, 1: 70, 2: 100 })
    const [commit] = kafka.asked.filter(each => each.api === OffsetCommit.name)
    expect(commit!.request).toMatchObject({ generationIdOrMemberEpoch: -1, memberId: '' })
  })

  it('is refused while there are members, before anything is asked of Kafka', async () => {
    await connected({ a: aGroup({ members: { m1: [0] }, committed: { 0: 60 } }) })
    await expect(reset([[0, 60, 10]])).rejects.toMatchObject({ code: 'NON_EMPTY_GROUP' })
    expect(kafka.countOf(OffsetCommit)).toBe(0)
  })

  it('is refused when a member came in between, in the same words', async () => {
    await connected({ a: aGroup({ state: 'Empty', committed: { 0: 60 } }) }, given => {
      const usual = given.scripted(OffsetCommit)
      given.script(OffsetCommit, (request, call) => {
        groups.get('a')!.members = { late: [0] }
        return usual(request, call)
      })
    })
    await expect(reset([[0, 60, 10]])).rejects.toMatchObject({ code: 'NON_EMPTY_GROUP' })
  })

  it('changes nothing when the group has committed since the plan', async () => {
    await connected({ a: aGroup({ state: 'Empty', committed: { 0: 61 } }) })
    await expect(reset([[0, 60, 10]])).rejects.toMatchObject({ code: 'PLAN_OUTDATED' })
    expect(groups.get('a')!.committed).toEqual({ 0: 61 })
  })
})

describe('forgetting the offsets of a topic', () => {
  it('asks the coordinator, for all partitions unless told which', async () => {
    await connected({ a: aGroup({ state: 'Empty', committed: { 0: 60, 1: 70, 2: 80 } }) })
    await settle(admin.groups.deleteOffsets({ clusterId, groupId: 'a', topic: 'orders', partitions: [1] }))
    expect(groups.get('a')!.committed).toEqual({ 0: 60, 2: 80 })
    await settle(admin.groups.deleteOffsets({ clusterId, groupId: 'a', topic: 'orders', partitions: null }))
    expect(groups.get('a')!.committed).toEqual({})
  })

  it('is refused while a member reads it', async () => {
    await connected({ a: aGroup({ members: { m1: [0] }, committed: { 0: 60 } }) })
    const refused = settle(admin.groups.deleteOffsets({ clusterId, groupId: 'a', topic: 'orders', partitions: null }))
    await expect(refused).rejects.toMatchObject({ code: 'GROUP_SUBSCRIBED_TO_TOPIC' })
  })
})

describe('taking out a member', () => {
  const remove = (memberId: string, groupInstanceId: string | null) =>
    settle(admin.groups.removeMember({ clusterId, groupId: 'a', memberId, groupInstanceId, reason: 'stuck' }))

  it.each([
    { what: 'a dynamic one by its id', member: ['m1', null] as const, asked: { memberId: 'm1', groupInstanceId: null, reason: 'stuck' } },
    {
      what: 'a static one by its name',
      member: ['m1-xyz', 'm1'] as const,
      asked: { memberId: '', groupInstanceId: 'm1', reason: 'stuck' },
    },
  ])('asks for $what and tells why', async ({ member, asked }) => {
    await connected({ a: aGroup({ members: { m1: [0], m2: [1] } }) })
    await remove(member[0], member[1])
    expect(Object.keys(groups.get('a')!.members)).toEqual(['m2'])
    expect(kafka.asked.find(each => each.api === LeaveGroup.name)!.request).toMatchObject({ members: [asked] })
  })

  it('works with brokers that know no static members, for a dynamic one', async () => {
    await connected({ a: aGroup({ members: { m1: [0] } }) }, given => given.limit(LeaveGroup, [0, 2]))
    await expect(remove('m1-xyz', 'm1')).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION' })
    await remove('m1', null)
    expect(groups.get('a')!.members).toEqual({})
  })

  it('fails when it is gone already', async () => {
    await connected({ a: aGroup({ members: { m1: [0] } }) })
    await expect(remove('other', null)).rejects.toMatchObject({ code: 'UNKNOWN_MEMBER_ID' })
  })
})

describe('what a cluster does not offer', () => {
  it('is said with the group', async () => {
    await connected({ a: aGroup() }, given => given.limit(OffsetDelete, undefined))
    expect((await settle(admin.groups.describe({ clusterId, groupId: 'a' }))).offers).toEqual({
      resetOffsets: true,
      deleteOffsets: false,
      removeMember: true,
      deleteGroup: true,
    })
  })
})
