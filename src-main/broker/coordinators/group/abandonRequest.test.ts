import { describe, expect, it } from 'vitest'
import { abandonRequest } from './abandonRequest.ts'
import { aConfig, aGroup, aJoin, later, NOW } from './aGroup.ts'
import { joinGroup, NEW_MEMBER_JOIN_TIMEOUT_MS } from './joinGroup.ts'
import { passDeadlines } from './rebalance.ts'

describe('a member whose connection breaks while it waits', () => {
  it('does not count as joined, so that the others do not begin with somebody who is not there', () => {
    const members = [{ join: 1, isNew: true }, {}]
    const { group } = abandonRequest(aGroup({ state: 'PreparingRebalance', members }), 1, NOW)
    const step = joinGroup(group, aJoin({ memberId: 'member-2' }), NOW, aConfig())
    expect(step.answers).toEqual([])
    const later10s = passDeadlines(step.group, later(10_000))
    expect([...later10s.group.members.keys()]).toEqual(['member-2'])
    expect(later10s.group.phase.state).toBe('CompletingRebalance')
  })

  it('may come back under its id until its session ends', () => {
    const { group } = abandonRequest(aGroup({ state: 'PreparingRebalance', members: [{ join: 1, isNew: true }, {}] }), 1, NOW)
    const back = joinGroup(group, aJoin({ memberId: 'member-1', ticket: 2 }), later(5000), aConfig()).group
    expect(back.members.get('member-1')).toMatchObject({ join: 2, sessionDeadlineMs: NOW.elapsedMs + 5000 + NEW_MEMBER_JOIN_TIMEOUT_MS })
  })

  it('still owes its SyncGroup', () => {
    const { group } = abandonRequest(aGroup({ state: 'CompletingRebalance', members: [{}, { sync: 1 }] }), 1, NOW)
    expect(group.members.get('member-2')).toMatchObject({ sync: undefined, owesSync: true })
  })

  it('changes nothing when it was answered already', () => {
    const group = aGroup({ members: [{}] })
    expect(abandonRequest(group, 1, NOW)).toEqual({ group, entries: [], answers: [] })
  })
})
