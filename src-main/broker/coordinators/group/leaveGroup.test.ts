import { describe, expect, it } from 'vitest'
import { aGroup, joinAnswer, NOW, syncAnswer } from './aGroup.ts'
import { heartbeat } from './heartbeat.ts'
import { leaveGroup } from './leaveGroup.ts'

const dynamic = (memberId: string) => ({ memberId, groupInstanceId: null })

describe('LeaveGroup', () => {
  it('removes a member and lets the others rebalance', () => {
    const { group, left } = leaveGroup(aGroup({ members: [{}, {}] }), [dynamic('member-2')], NOW)
    expect(left).toEqual([{ ...dynamic('member-2'), error: 'NONE' }])
    expect([...group.members.keys()]).toEqual(['member-1'])
    expect(group.phase.state).toBe('PreparingRebalance')
  })

  it('of the last member leaves an empty group, which is written down', () => {
    const { group, entries } = leaveGroup(aGroup({ members: [{}] }), [dynamic('member-1')], NOW)
    expect(group).toMatchObject({ phase: { state: 'Empty' }, generationId: 6 })
    expect(entries).toMatchObject([{ type: 'groupStored', group: { members: [] } }])
  })

  it('of several members at once costs the others one rebalance', () => {
    const { group } = leaveGroup(aGroup({ members: [{}, {}, {}] }), [dynamic('member-2'), dynamic('member-3')], NOW)
    expect([...group.members.keys()]).toEqual(['member-1'])
    expect(group.generationId).toBe(5)
  })

  it('takes a static member out by its name alone, which is what a person does', () => {
    const { group, left } = leaveGroup(
      aGroup({ members: [{}, { groupInstanceId: 'desk-1' }] }),
      [{ memberId: '', groupInstanceId: 'desk-1' }],
      NOW,
    )
    expect(left).toMatchObject([{ error: 'NONE', groupInstanceId: 'desk-1' }])
    expect([...group.members.keys()]).toEqual(['member-1'])
  })

  it.each([
    { given: 'an unknown member', leaving: dynamic('stranger'), error: 'UNKNOWN_MEMBER_ID' },
    { given: 'an unknown name', leaving: { memberId: '', groupInstanceId: 'desk-2' }, error: 'UNKNOWN_MEMBER_ID' },
    {
      given: 'the former process of a static member',
      leaving: { memberId: 'old', groupInstanceId: 'desk-1' },
      error: 'FENCED_INSTANCE_ID',
    },
  ])('answers $error for $given', ({ leaving, error }) => {
    const group = aGroup({ members: [{ groupInstanceId: 'desk-1' }] })
    expect(leaveGroup(group, [leaving], NOW)).toMatchObject({ left: [{ error }], group })
  })

  it('gives back an id that was never used, and ends the join phase if it waited for that', () => {
    const group = aGroup({ state: 'PreparingRebalance', members: [{ join: 1 }], pendingMembers: new Map([['pending', Infinity]]) })
    const step = leaveGroup(group, [dynamic('pending')], NOW)
    expect(step.left).toMatchObject([{ error: 'NONE' }])
    expect(joinAnswer(step, 1)).toMatchObject({ generationId: 6 })
  })

  it('tells a member that waits that it is no member any more', () => {
    const joining = aGroup({ state: 'PreparingRebalance', members: [{ join: 1 }, {}] })
    expect(joinAnswer(leaveGroup(joining, [dynamic('member-1')], NOW), 1)).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' })
    const syncing = aGroup({ state: 'CompletingRebalance', members: [{}, { sync: 1 }] })
    expect(syncAnswer(leaveGroup(syncing, [dynamic('member-2')], NOW), 1)).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' })
  })

  it('makes another the leader when the leader goes', () => {
    const group = aGroup({ state: 'PreparingRebalance', members: [{}, { join: 1 }] })
    expect(joinAnswer(leaveGroup(group, [dynamic('member-1')], NOW), 1)).toMatchObject({ leader: 'member-2' })
  })
})

describe('Heartbeat', () => {
  const request = { memberId: 'member-1', groupInstanceId: null, generationId: 5 }

  it.each(['PreparingRebalance', 'CompletingRebalance', 'Stable'] as const)(
    'renews the session of a member while the group is %s',
    state => {
      const group = aGroup({ state, members: [{ sessionDeadlineMs: NOW.elapsedMs + 1 }] })
      expect(heartbeat(group, request, NOW).group.members.get('member-1')).toMatchObject({ sessionDeadlineMs: NOW.elapsedMs + 10_000 })
    },
  )

  it.each([
    { given: 'an unknown member', change: { memberId: 'stranger' }, error: 'UNKNOWN_MEMBER_ID' },
    { given: 'another generation', change: { generationId: 4 }, error: 'ILLEGAL_GENERATION' },
    { given: 'the former process of a static member', change: { memberId: 'old', groupInstanceId: 'desk-1' }, error: 'FENCED_INSTANCE_ID' },
  ])('answers $error to $given', ({ change, error }) => {
    const group = aGroup({ members: [{}, { groupInstanceId: 'desk-1' }] })
    expect(heartbeat(group, { ...request, ...change }, NOW)).toEqual({ group, error })
  })
})
