import { describe, expect, it } from 'vitest'
import { aGroup, joinAnswer, NOW, syncAnswer } from './aGroup.ts'
import { nextDeadlineMs } from './group.ts'
import { passDeadlines, rebalanceAfterFailedSync } from './rebalance.ts'

describe('when the join phase is over', () => {
  it('dynamic members that did not come back are gone, static ones stay', () => {
    const members = [{ join: 1 }, {}, { groupInstanceId: 'desk-1', sessionDeadlineMs: Infinity }]
    const step = passDeadlines(aGroup({ state: 'PreparingRebalance', deadlineMs: NOW.elapsedMs, members }), NOW)
    expect([...step.group.members.keys()]).toEqual(['member-1', 'member-3'])
    expect(step.group).toMatchObject({ generationId: 6, phase: { state: 'CompletingRebalance' } })
  })

  it('and nobody came but static members remain, it waits once more', () => {
    const members = [{}, { groupInstanceId: 'desk-1', sessionDeadlineMs: Infinity }]
    const step = passDeadlines(aGroup({ state: 'PreparingRebalance', deadlineMs: NOW.elapsedMs, members }), NOW)
    expect(step.group).toMatchObject({
      generationId: 5,
      phase: { state: 'PreparingRebalance', joinDeadlineMs: NOW.elapsedMs + 60_000 },
    })
    expect([...step.group.members.keys()]).toEqual(['member-2'])
  })

  it('and nobody is left, the group is empty and this is written down', () => {
    const { group, entries } = passDeadlines(aGroup({ state: 'PreparingRebalance', deadlineMs: NOW.elapsedMs, members: [{}, {}] }), NOW)
    expect(group).toMatchObject({ generationId: 6, protocolName: null, leader: null, phase: { state: 'Empty' } })
    expect(entries).toEqual([
      {
        type: 'groupStored',
        groupId: 'group',
        group: {
          protocolType: 'consumer',
          generationId: 6,
          protocolName: null,
          leader: null,
          currentStateTimestampMs: NOW.timestampMs,
          members: [],
        },
      },
    ])
  })

  it('sessions begin anew and all members owe a SyncGroup', () => {
    const members = [{ join: 1, isNew: true, sessionDeadlineMs: NOW.elapsedMs + 300_000 }]
    const { group } = passDeadlines(aGroup({ state: 'PreparingRebalance', deadlineMs: NOW.elapsedMs, members }), NOW)
    expect(group.members.get('member-1')).toMatchObject({
      join: undefined,
      isNew: false,
      owesSync: true,
      sessionDeadlineMs: NOW.elapsedMs + 10_000,
    })
  })

  it('the generation after the last int32 is 1', () => {
    const group = aGroup({ state: 'PreparingRebalance', deadlineMs: NOW.elapsedMs, generationId: 0x7fff_ffff, members: [{ join: 1 }] })
    expect(joinAnswer(passDeadlines(group, NOW), 1)).toMatchObject({ generationId: 1 })
  })
})

describe('when a session runs out', () => {
  it('the member is removed and the others rebalance', () => {
    const { group } = passDeadlines(aGroup({ members: [{}, { sessionDeadlineMs: NOW.elapsedMs }] }), NOW)
    expect([...group.members.keys()]).toEqual(['member-1'])
    expect(group.phase.state).toBe('PreparingRebalance')
  })

  it('of the last member the group is empty', () => {
    const { group, entries } = passDeadlines(aGroup({ members: [{ sessionDeadlineMs: NOW.elapsedMs }] }), NOW)
    expect(group.phase.state).toBe('Empty')
    expect(entries).toMatchObject([{ type: 'groupStored', group: { members: [] } }])
  })

  it('of the one that everybody waited for, the join phase ends', () => {
    const step = passDeadlines(aGroup({ state: 'PreparingRebalance', members: [{ join: 1 }, { sessionDeadlineMs: NOW.elapsedMs }] }), NOW)
    expect(joinAnswer(step, 1)).toMatchObject({ error: 'NONE', generationId: 6 })
  })

  it.each([
    { parked: 'join', state: 'PreparingRebalance' as const, member: { join: 1 } },
    { parked: 'sync', state: 'CompletingRebalance' as const, member: { sync: 1 } },
  ])('of a member whose $parked is parked, nothing happens', ({ state, member }) => {
    const group = aGroup({ state, members: [{ ...member, sessionDeadlineMs: NOW.elapsedMs - 1 }, {}] })
    expect(passDeadlines(group, NOW)).toEqual({ group, entries: [], answers: [] })
  })

  it('of an id that was handed out, it is forgotten', () => {
    const group = aGroup({ pendingMembers: new Map([['pending', NOW.elapsedMs]]) })
    expect(passDeadlines(group, NOW).group.pendingMembers.size).toBe(0)
  })
})

describe('when the sync phase has taken the rebalance timeout', () => {
  it('members without SyncGroup are removed and the others join again', () => {
    const members = [{ sync: 1 }, { owesSync: true, sessionDeadlineMs: Infinity }]
    const step = passDeadlines(aGroup({ state: 'CompletingRebalance', deadlineMs: NOW.elapsedMs, members }), NOW)
    expect([...step.group.members.keys()]).toEqual(['member-1'])
    expect(syncAnswer(step, 1)).toMatchObject({ error: 'REBALANCE_IN_PROGRESS' })
    expect(step.group.phase.state).toBe('PreparingRebalance')
  })

  it('even when the leader has spoken', () => {
    const members = [{}, { owesSync: true, sessionDeadlineMs: Infinity }]
    const { group } = passDeadlines(aGroup({ state: 'Stable', deadlineMs: NOW.elapsedMs, members }), NOW)
    expect([...group.members.keys()]).toEqual(['member-1'])
  })

  it('nothing happens when all have asked', () => {
    const group = aGroup({ state: 'Stable', deadlineMs: NOW.elapsedMs, members: [{}, {}] })
    expect(passDeadlines(group, NOW).group).toEqual(group)
  })
})

it('a failed write of the assignment is told to all who wait for it, and the group tries again', () => {
  const group = aGroup({ state: 'CompletingRebalance', members: [{}, { sync: 1 }] })
  const step = rebalanceAfterFailedSync(group, 'COORDINATOR_NOT_AVAILABLE', NOW)
  expect(syncAnswer(step, 1)).toMatchObject({ error: 'COORDINATOR_NOT_AVAILABLE' })
  expect(step.group.phase.state).toBe('PreparingRebalance')
})

describe('the next deadline', () => {
  it.each([
    { of: 'an empty group', group: aGroup(), next: undefined },
    { of: 'a handed-out id', group: aGroup({ pendingMembers: new Map([['pending', 7]]) }), next: 7 },
    { of: 'the first session to run out', group: aGroup({ members: [{ sessionDeadlineMs: 9 }, { sessionDeadlineMs: 8 }] }), next: 8 },
    {
      of: 'the join phase, while sessions stand still',
      group: aGroup({ state: 'PreparingRebalance', deadlineMs: 20, members: [{ join: 1, sessionDeadlineMs: 5 }] }),
      next: 20,
    },
    {
      of: 'a first join, which does not wait for ever',
      group: aGroup({ state: 'PreparingRebalance', deadlineMs: 20, members: [{ join: 1, isNew: true, sessionDeadlineMs: 5 }] }),
      next: 5,
    },
    {
      of: 'the sync phase',
      group: aGroup({ state: 'CompletingRebalance', deadlineMs: 20, members: [{ owesSync: true, sessionDeadlineMs: 30 }] }),
      next: 20,
    },
    { of: 'a stable group in which nobody owes a sync', group: aGroup({ deadlineMs: 20, members: [{ sessionDeadlineMs: 30 }] }), next: 30 },
  ])('is that of $of', ({ group, next }) => expect(nextDeadlineMs(group)).toBe(next))
})
