import { describe, expect, it } from 'vitest'
import { aConfig, aGroup, aJoin, ASKED, joinAnswer, later, NOW, reading, syncAnswer } from './aGroup.ts'
import { emptyGroup, type Group } from './group.ts'
import { joinGroup, type JoinRequest, NEW_MEMBER_JOIN_TIMEOUT_MS } from './joinGroup.ts'
import { passDeadlines } from './rebalance.ts'

const join = (group: Group, given: Partial<JoinRequest> = {}, config = aConfig()) => joinGroup(group, aJoin(given), NOW, config)

describe('a member that joins for the first time', () => {
  it('is sent back with an id when it speaks version 4 or later (KIP-394)', () => {
    const { group, answers, entries } = join(emptyGroup('group'), { requiresKnownMemberId: true, clientId: 'app' })
    expect(joinAnswer({ answers })).toMatchObject({ error: 'MEMBER_ID_REQUIRED', memberId: 'app-uuid', generationId: -1 })
    expect([...group.pendingMembers]).toEqual([['app-uuid', NOW.elapsedMs + 10_000]])
    expect(group).toMatchObject({ phase: { state: 'Empty' }, members: new Map() })
    expect(entries).toEqual([])
  })

  it('is let in with the id it was sent back with', () => {
    const { group } = join(aGroup({ pendingMembers: new Map([['app-uuid', NOW.elapsedMs + 10_000]]) }), { memberId: 'app-uuid' })
    expect(group.pendingMembers.size).toBe(0)
    expect(group.members.get('app-uuid')).toMatchObject({ join: ASKED, isNew: true })
  })

  it('joins at once when it is older than that', () => {
    const { group, answers } = join(emptyGroup('group'), { clientId: 'old' })
    expect(answers).toEqual([])
    expect([...group.members.keys()]).toEqual(['old-uuid'])
    expect(group.protocolType).toBe('consumer')
  })

  it('joins at once when it is static, under an id made of its name (KIP-345)', () => {
    const { group } = join(emptyGroup('group'), { groupInstanceId: 'desk-1' })
    expect([...group.members.keys()]).toEqual(['desk-1-uuid'])
  })

  it('is not kept waiting longer than five minutes without a sign of life', () => {
    const { group } = join(
      aGroup({ members: [{ rebalanceTimeoutMs: 3_600_000, sessionTimeoutMs: 1_800_000, sessionDeadlineMs: Infinity }] }),
    )
    const step = passDeadlines(group, later(NEW_MEMBER_JOIN_TIMEOUT_MS))
    expect(joinAnswer(step)).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' })
    expect([...step.group.members.keys()]).toEqual(['member-1'])
  })

  it('with an id that nobody gave it is unknown', () => {
    expect(joinAnswer(join(aGroup({ members: [{}] }), { memberId: 'stranger' }))).toMatchObject({
      error: 'UNKNOWN_MEMBER_ID',
      memberId: 'stranger',
    })
  })

  it('starts a rebalance of a stable group', () => {
    const { group } = join(aGroup({ members: [{}] }))
    expect(group.phase).toEqual({ state: 'PreparingRebalance', joinDeadlineMs: NOW.elapsedMs + 60_000, initial: undefined })
    expect(group.generationId).toBe(5)
  })

  it('sends those who wait for their assignment back to join again', () => {
    const step = join(aGroup({ state: 'CompletingRebalance', members: [{}, { sync: 7 }] }))
    expect(syncAnswer(step, 7)).toMatchObject({ error: 'REBALANCE_IN_PROGRESS' })
    expect(step.group.phase.state).toBe('PreparingRebalance')
  })
})

describe('the first rebalance of a group (KIP-134)', () => {
  const config = aConfig({ groupInitialRebalanceDelayMs: 3000 })

  it('waits for others, though all known members are there', () => {
    const { group } = join(emptyGroup('group'), {}, config)
    expect(group.phase).toMatchObject({ state: 'PreparingRebalance', joinDeadlineMs: NOW.elapsedMs + 3000 })
    expect(passDeadlines(group, later(2999)).answers).toEqual([])
    expect(joinAnswer(passDeadlines(group, later(3000)))).toMatchObject({ error: 'NONE', generationId: 1 })
  })

  it('waits once more whenever somebody came meanwhile', () => {
    const first = join(emptyGroup('group'), { uuid: '1' }, config)
    const second = joinGroup(first.group, aJoin({ ticket: 2, uuid: '2' }), later(1000), config)
    const afterOneDelay = passDeadlines(second.group, later(3000))
    expect(afterOneDelay.answers).toEqual([])
    expect(afterOneDelay.group.phase).toMatchObject({ joinDeadlineMs: NOW.elapsedMs + 6000 })
    expect(passDeadlines(afterOneDelay.group, later(6000)).answers).toHaveLength(2)
  })

  it('waits no longer than a rebalance may take', () => {
    let { group } = join(emptyGroup('group'), { rebalanceTimeoutMs: 5000, uuid: '0' }, config)
    group = joinGroup(group, aJoin({ ticket: 1, uuid: '1', rebalanceTimeoutMs: 5000 }), later(2000), config).group
    group = passDeadlines(group, later(3000)).group
    expect(group.phase).toMatchObject({ joinDeadlineMs: NOW.elapsedMs + 5000 })
    group = joinGroup(group, aJoin({ ticket: 2, uuid: '2', rebalanceTimeoutMs: 5000 }), later(4000), config).group
    const step = passDeadlines(group, later(5000))
    expect(step.answers).toHaveLength(3)
    expect(step.group.phase.state).toBe('CompletingRebalance')
  })

  it('is over at once when there is no delay', () => {
    const step = join(emptyGroup('group'), { uuid: '1' }, aConfig({ groupInitialRebalanceDelayMs: 0 }))
    expect(joinAnswer(step)).toMatchObject({ error: 'NONE', generationId: 1, leader: 'client-1', memberId: 'client-1' })
  })
})

describe('the join phase', () => {
  it('ends as soon as all known members have joined', () => {
    const group = aGroup({ state: 'PreparingRebalance', members: [{ join: 1 }, {}] })
    const step = join(group, { memberId: 'member-2' })
    expect(joinAnswer(step, 1)).toMatchObject({ error: 'NONE', generationId: 6 })
    expect(joinAnswer(step)).toMatchObject({ error: 'NONE', generationId: 6 })
    expect(step.group.phase).toEqual({ state: 'CompletingRebalance', syncDeadlineMs: NOW.elapsedMs + 60_000 })
    expect(step.entries).toEqual([])
  })

  it('waits for members that have an id but never used it', () => {
    const pendingMembers = new Map([['pending', NOW.elapsedMs + 500]])
    const step = join(aGroup({ state: 'PreparingRebalance', members: [{ join: 1 }, {}], pendingMembers }), { memberId: 'member-2' })
    expect(step.answers).toEqual([])
    expect(passDeadlines(step.group, later(500)).answers).toHaveLength(2)
  })

  it('gives the list of members to the leader alone', () => {
    const step = join(aGroup({ state: 'PreparingRebalance', members: [{ join: 1 }, {}] }), { memberId: 'member-2' })
    expect(joinAnswer(step, 1)).toMatchObject({
      leader: 'member-1',
      members: [
        { memberId: 'member-1', groupInstanceId: null, metadata: reading(['orders']).metadata },
        { memberId: 'member-2', groupInstanceId: null, metadata: reading(['orders']).metadata },
      ],
    })
    expect(joinAnswer(step)).toMatchObject({ leader: 'member-1', members: [] })
  })

  it('keeps the leader when it is back, whoever was faster', () => {
    const step = join(aGroup({ state: 'PreparingRebalance', leader: 'member-2', members: [{ join: 1 }, {}] }), { memberId: 'member-2' })
    expect(joinAnswer(step)).toMatchObject({ leader: 'member-2' })
  })

  it('takes the first who joined for leader when the leader is gone', () => {
    const step = passDeadlines(aGroup({ state: 'PreparingRebalance', members: [{}, { join: 1 }, { join: 2 }] }), later(60_000))
    expect(joinAnswer(step, 1)).toMatchObject({ leader: 'member-2' })
  })

  it('answers a repeated join and forgets the earlier one, whose sender has gone away', () => {
    const group = aGroup({ state: 'PreparingRebalance', members: [{ join: 1 }, {}] })
    const step = join(group, { memberId: 'member-1' })
    expect(joinAnswer(step, 1)).toMatchObject({ error: 'REBALANCE_IN_PROGRESS' })
    expect(step.group.members.get('member-1')).toMatchObject({ join: ASKED })
  })
})

describe('a known member that joins again', () => {
  it('hears where it stands when nothing has changed', () => {
    const group = aGroup({ members: [{}, { sessionDeadlineMs: NOW.elapsedMs + 1 }] })
    const step = join(group, { memberId: 'member-2' })
    expect(joinAnswer(step)).toMatchObject({ error: 'NONE', generationId: 5, leader: 'member-1', members: [] })
    expect(step.group.phase.state).toBe('Stable')
    expect(step.group.members.get('member-2')).toMatchObject({ sessionDeadlineMs: NOW.elapsedMs + 10_000, join: undefined })
  })

  it('starts a rebalance when it reads something else now', () => {
    const { group, answers } = join(aGroup({ members: [{}, {}] }), { memberId: 'member-2', protocols: [reading(['orders', 'returns'])] })
    expect(answers).toEqual([])
    expect(group.phase.state).toBe('PreparingRebalance')
    expect(group.members.get('member-2')?.protocols).toEqual([reading(['orders', 'returns'])])
  })

  it('starts a rebalance when it is the leader, who has seen something that calls for one', () => {
    expect(join(aGroup({ members: [{}, {}] }), { memberId: 'member-1' }).group.phase.state).toBe('PreparingRebalance')
  })

  it('gets the answer that was lost, leader or not, while assignments are awaited', () => {
    const group = aGroup({ state: 'CompletingRebalance', members: [{}, {}] })
    expect(joinAnswer(join(group, { memberId: 'member-1' }))).toMatchObject({ error: 'NONE', generationId: 5, members: [{}, {}] })
    expect(joinAnswer(join(group, { memberId: 'member-2' }))).toMatchObject({ error: 'NONE', generationId: 5, members: [] })
  })

  it('with other protocols makes the group begin again while assignments are awaited', () => {
    const group = aGroup({ state: 'CompletingRebalance', members: [{}, {}] })
    expect(join(group, { memberId: 'member-2', protocols: [reading(['returns'])] }).group.phase.state).toBe('PreparingRebalance')
  })

  it('may change its name for a protocol when nobody else minds', () => {
    const { group } = join(aGroup({ members: [{}] }), { memberId: 'member-1', protocols: [reading(['orders'], 'sticky')] })
    expect(group).toMatchObject({ generationId: 6, protocolName: 'sticky' })
  })
})

describe('protocols', () => {
  it.each([
    { given: 'no protocol type', request: { protocolType: '' } },
    { given: 'no protocols', request: { protocols: [] } },
    { given: 'another protocol type', request: { protocolType: 'connect' } },
    { given: 'no protocol that all others know', request: { protocols: [reading(['orders'], 'sticky')] } },
  ])('refuses a member with $given', ({ request }) => {
    const group = aGroup({ members: [{}] })
    expect(joinAnswer(join(group, request))).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' })
    expect(join(group, request).group).toEqual(group)
  })

  it('lets an empty group change its protocol type', () => {
    expect(join(aGroup(), { protocolType: 'connect' }).group).toMatchObject({ protocolType: 'connect' })
  })

  it('are chosen by vote: each for its first that all others know', () => {
    const lists = [
      ['sticky', 'range'],
      ['newest', 'range', 'sticky'],
      ['range', 'sticky'],
    ]
    const members = lists.map((names, index) => ({ join: index + 1, protocols: names.map(name => reading(['orders'], name)) }))
    const step = passDeadlines(aGroup({ state: 'PreparingRebalance', members }), later(60_000))
    expect(step.group.protocolName).toBe('range')
    expect(joinAnswer(step, 1)).toMatchObject({ protocolName: 'range' })
  })
})

describe('a full group', () => {
  const config = aConfig({ groupMaxSize: 2 })

  it('refuses one more', () => {
    expect(joinAnswer(join(aGroup({ members: [{}, {}] }), {}, config))).toMatchObject({ error: 'GROUP_MAX_SIZE_REACHED' })
  })

  it('lets its members join again', () => {
    expect(join(aGroup({ members: [{}, {}] }), { memberId: 'member-1' }, config).group.phase.state).toBe('PreparingRebalance')
  })

  it('counts, while it rebalances, those who have come back', () => {
    const withRoom = aGroup({ state: 'PreparingRebalance', members: [{ join: 1 }, {}] })
    expect(join(withRoom, {}, config).answers).toEqual([])
    const full = aGroup({ state: 'PreparingRebalance', members: [{ join: 1 }, { join: 2 }, {}] })
    expect(joinAnswer(join(full, { memberId: 'member-3' }, config))).toMatchObject({ error: 'GROUP_MAX_SIZE_REACHED' })
  })
})

describe('a static member that is back with a new process (KIP-345)', () => {
  const desk = { groupInstanceId: 'desk-1' }

  it('takes over assignment and generation without a rebalance, and this is written down', () => {
    const step = join(aGroup({ members: [{}, desk] }), desk)
    expect(joinAnswer(step)).toMatchObject({
      error: 'NONE',
      memberId: 'desk-1-uuid',
      generationId: 5,
      leader: 'member-1',
      members: [],
      skipAssignment: false,
    })
    expect(step.group.phase.state).toBe('Stable')
    expect(step.group.members.get('desk-1-uuid')).toMatchObject({ assignment: Buffer.from('partitions'), groupInstanceId: 'desk-1' })
    expect(step.group.members.has('member-2')).toBe(false)
    expect(step.entries).toMatchObject([{ type: 'groupStored', groupId: 'group' }])
  })

  it('stays leader and is told not to assign anew (KIP-814)', () => {
    const step = join(aGroup({ members: [desk, {}] }), desk)
    expect(joinAnswer(step)).toMatchObject({ leader: 'desk-1-uuid', skipAssignment: true, members: [{}, {}] })
    expect(step.group.leader).toBe('desk-1-uuid')
  })

  it('is told the former leader when it is too old to skip the assignment', () => {
    const step = join(aGroup({ members: [desk, {}] }), { ...desk, supportsSkippingAssignment: false })
    expect(joinAnswer(step)).toMatchObject({ leader: 'member-1', skipAssignment: false, members: [] })
    expect(step.group.leader).toBe('desk-1-uuid')
  })

  it('starts a rebalance when its protocols change the vote', () => {
    const both = [reading(['orders'], 'range'), reading(['orders'], 'sticky')]
    const group = aGroup({ members: [{ ...desk, protocols: both }] })
    const step = join(group, { ...desk, protocols: both.toReversed() })
    expect(step.group).toMatchObject({ generationId: 6, protocolName: 'sticky' })
  })

  it('starts a rebalance while assignments are awaited', () => {
    const step = join(aGroup({ state: 'CompletingRebalance', members: [{}, { ...desk, sync: 7 }] }), desk)
    expect(syncAnswer(step, 7)).toMatchObject({ error: 'FENCED_INSTANCE_ID' })
    expect(step.group.phase.state).toBe('PreparingRebalance')
  })

  it('fences the old process off, waiting or not', () => {
    const waiting = aGroup({ state: 'PreparingRebalance', members: [{}, { ...desk, join: 7 }] })
    expect(joinAnswer(join(waiting, desk), 7)).toMatchObject({ error: 'FENCED_INSTANCE_ID' })
    const { group } = join(aGroup({ members: [{}, desk] }), desk)
    expect(joinAnswer(join(group, { ...desk, memberId: 'member-2' }))).toMatchObject({ error: 'FENCED_INSTANCE_ID' })
  })

  it('with an id and a name that the group does not know is unknown', () => {
    const step = join(aGroup({ members: [{}] }), { memberId: 'member-1', groupInstanceId: 'elsewhere' })
    expect(joinAnswer(step)).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' })
  })
})
