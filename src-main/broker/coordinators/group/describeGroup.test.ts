import { describe, expect, it } from 'vitest'
import { aGroup, reading } from './aGroup.ts'
import { describeGroup, listGroups } from './describeGroup.ts'

describe('DescribeGroups', () => {
  it('tells of a stable group what its members read and own', () => {
    expect(describeGroup('group', aGroup({ members: [{ groupInstanceId: 'desk-1' }] }))).toEqual({
      groupId: 'group',
      state: 'Stable',
      protocolType: 'consumer',
      protocolName: 'range',
      members: [
        {
          memberId: 'member-1',
          groupInstanceId: 'desk-1',
          clientId: 'client',
          clientHost: '/127.0.0.1',
          metadata: reading(['orders']).metadata,
          assignment: Buffer.from('partitions'),
        },
      ],
    })
  })

  it.each(['PreparingRebalance', 'CompletingRebalance'] as const)('tells of a group that is %s only who is in it', state => {
    expect(describeGroup('group', aGroup({ state, members: [{}] }))).toMatchObject({
      state,
      protocolName: '',
      members: [{ memberId: 'member-1', metadata: Buffer.alloc(0), assignment: Buffer.alloc(0) }],
    })
  })

  it('calls a group dead that does not exist', () => {
    expect(describeGroup('nobody', undefined)).toEqual({
      groupId: 'nobody',
      state: 'Dead',
      protocolType: '',
      protocolName: '',
      members: [],
    })
  })
})

describe('ListGroups', () => {
  const groups = [aGroup({ groupId: 'idle' }), aGroup({ groupId: 'busy', members: [{}] })]
  const ids = (states: readonly string[], types: readonly string[] = []) =>
    listGroups(groups, { states, types }).map(({ groupId }) => groupId)

  it('lists all groups when no filter is given', () => expect(ids([])).toEqual(['idle', 'busy']))
  it('filters by state, in any case (KIP-518)', () => expect(ids(['stable'])).toEqual(['busy']))
  it('finds nothing in a state that does not exist', () => expect(ids(['Sleeping'])).toEqual([]))
  it('filters by type: these are classic groups (KIP-848)', () => {
    expect(ids([], ['Classic'])).toEqual(['idle', 'busy'])
    expect(ids([], ['consumer'])).toEqual([])
  })
})
