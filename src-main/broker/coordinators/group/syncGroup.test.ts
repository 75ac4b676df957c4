import { describe, expect, it } from 'vitest'
import { aGroup, ASKED, aSync, NOW, syncAnswer } from './aGroup.ts'
import { syncGroup } from './syncGroup.ts'

const completing = aGroup({ state: 'CompletingRebalance', members: [{ owesSync: true }, { owesSync: true }] })

describe('SyncGroup', () => {
  it.each([
    { given: 'an unknown member', request: { memberId: 'stranger' }, error: 'UNKNOWN_MEMBER_ID' },
    { given: 'another generation', request: { generationId: 4 }, error: 'ILLEGAL_GENERATION' },
    { given: 'another protocol type', request: { protocolType: 'connect' }, error: 'INCONSISTENT_GROUP_PROTOCOL' },
    { given: 'another protocol', request: { protocolName: 'sticky' }, error: 'INCONSISTENT_GROUP_PROTOCOL' },
    { given: 'a static name nobody has', request: { groupInstanceId: 'desk-1' }, error: 'UNKNOWN_MEMBER_ID' },
  ])('refuses $given with $error', ({ request, error }) => {
    expect(syncGroup(completing, aSync(request), NOW)).toMatchObject({ group: completing, entries: [], answers: [{ reply: { error } }] })
  })

  it('fences the former process of a static member off', () => {
    const group = aGroup({ members: [{}, { memberId: 'new', groupInstanceId: 'desk-1' }] })
    expect(syncAnswer(syncGroup(group, aSync({ memberId: 'old', groupInstanceId: 'desk-1' }), NOW))).toMatchObject({
      error: 'FENCED_INSTANCE_ID',
    })
  })

  it('does not ask a member before version 5 which protocol it means', () => {
    expect(syncGroup(completing, aSync({ memberId: 'member-2', protocolType: null, protocolName: null }), NOW).answers).toEqual([])
  })

  it('of a follower is parked until the leader has spoken', () => {
    const { group, answers, entries } = syncGroup(completing, aSync({ memberId: 'member-2' }), NOW)
    expect(answers).toEqual([])
    expect(entries).toEqual([])
    expect(group.members.get('member-2')).toMatchObject({ sync: ASKED, owesSync: false })
  })

  it('of the leader writes the generation and answers all who wait', () => {
    const { group: waiting } = syncGroup(completing, aSync({ memberId: 'member-2', ticket: 2 }), NOW)
    const assignments = [
      { memberId: 'member-1', assignment: Buffer.from('0 and 1') },
      { memberId: 'member-2', assignment: Buffer.from('2') },
    ]
    const step = syncGroup(waiting, aSync({ assignments }), NOW)
    expect(syncAnswer(step)).toEqual({ error: 'NONE', protocolType: 'consumer', protocolName: 'range', assignment: Buffer.from('0 and 1') })
    expect(syncAnswer(step, 2)).toMatchObject({ error: 'NONE', assignment: Buffer.from('2') })
    expect(step.group.phase.state).toBe('Stable')
    expect(step.entries).toMatchObject([
      {
        type: 'groupStored',
        groupId: 'group',
        group: {
          generationId: 5,
          protocolName: 'range',
          leader: 'member-1',
          currentStateTimestampMs: NOW.timestampMs,
          members: [{ memberId: 'member-1', assignment: Buffer.from('0 and 1') }, { memberId: 'member-2' }],
        },
      },
    ])
  })

  it('gives nothing to members that the leader left out', () => {
    const step = syncGroup(completing, aSync(), NOW)
    expect(syncAnswer(step)?.assignment).toEqual(Buffer.alloc(0))
    expect(step.group.members.get('member-2')?.assignment).toEqual(Buffer.alloc(0))
  })

  it('answers a late follower with what the leader gave it', () => {
    const group = aGroup({ members: [{}, { assignment: Buffer.from('2'), owesSync: true, sessionDeadlineMs: NOW.elapsedMs + 1 }] })
    const step = syncGroup(group, aSync({ memberId: 'member-2' }), NOW)
    expect(syncAnswer(step)).toMatchObject({ error: 'NONE', assignment: Buffer.from('2') })
    expect(step.group.members.get('member-2')).toMatchObject({ owesSync: false, sessionDeadlineMs: NOW.elapsedMs + 10_000 })
  })

  it('is of no use once the group rebalances again', () => {
    const group = aGroup({ state: 'PreparingRebalance', members: [{}] })
    expect(syncAnswer(syncGroup(group, aSync(), NOW))).toMatchObject({ error: 'REBALANCE_IN_PROGRESS' })
  })
})
