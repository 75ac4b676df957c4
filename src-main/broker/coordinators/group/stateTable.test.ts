import { describe, expect, it } from 'vitest'
import { aCommit, aConfig, aGroup, aJoin, aSync, joinAnswer, NOW, reading, syncAnswer } from './aGroup.ts'
import { commitOffsets } from './commitOffsets.ts'
import type { Group, GroupState } from './group.ts'
import { heartbeat } from './heartbeat.ts'
import { joinGroup, type JoinRequest } from './joinGroup.ts'
import { leaveGroup } from './leaveGroup.ts'
import { syncGroup } from './syncGroup.ts'

/** What a request leads to: the state of the group, and the answer, if any, to whoever asked. */
interface Outcome {
  readonly state: GroupState
  readonly answer: string
}
type Row = Readonly<Record<GroupState, `${GroupState}: ${string}`>>

const PARKED = 'parked'

function joining(given: Partial<JoinRequest>) {
  return (group: Group): Outcome => {
    const step = joinGroup(group, aJoin(given), NOW, aConfig())
    return { state: step.group.phase.state, answer: joinAnswer(step)?.error ?? PARKED }
  }
}

const requests: Readonly<Record<string, { readonly ask: (group: Group) => Outcome; readonly row: Row }>> = {
  'JoinGroup of a new member': {
    ask: joining({}),
    row: {
      Empty: 'PreparingRebalance: parked',
      PreparingRebalance: 'PreparingRebalance: parked',
      CompletingRebalance: 'PreparingRebalance: parked',
      Stable: 'PreparingRebalance: parked',
    },
  },
  'JoinGroup of a follower, as before': {
    ask: joining({ memberId: 'member-2' }),
    row: {
      Empty: 'Empty: UNKNOWN_MEMBER_ID',
      PreparingRebalance: 'PreparingRebalance: parked',
      CompletingRebalance: 'CompletingRebalance: NONE',
      Stable: 'Stable: NONE',
    },
  },
  'JoinGroup of a follower with other protocols': {
    ask: joining({ memberId: 'member-2', protocols: [reading(['returns'])] }),
    row: {
      Empty: 'Empty: UNKNOWN_MEMBER_ID',
      PreparingRebalance: 'PreparingRebalance: parked',
      CompletingRebalance: 'PreparingRebalance: parked',
      Stable: 'PreparingRebalance: parked',
    },
  },
  'JoinGroup of the leader, as before': {
    ask: joining({ memberId: 'member-1' }),
    row: {
      Empty: 'Empty: UNKNOWN_MEMBER_ID',
      PreparingRebalance: 'PreparingRebalance: parked',
      CompletingRebalance: 'CompletingRebalance: NONE',
      Stable: 'PreparingRebalance: parked',
    },
  },
  'SyncGroup of a follower': {
    ask(group) {
      const step = syncGroup(group, aSync({ memberId: 'member-2' }), NOW)
      return { state: step.group.phase.state, answer: syncAnswer(step)?.error ?? PARKED }
    },
    row: {
      Empty: 'Empty: UNKNOWN_MEMBER_ID',
      PreparingRebalance: 'PreparingRebalance: REBALANCE_IN_PROGRESS',
      CompletingRebalance: 'CompletingRebalance: parked',
      Stable: 'Stable: NONE',
    },
  },
  'SyncGroup of the leader': {
    ask(group) {
      const step = syncGroup(group, aSync(), NOW)
      return { state: step.group.phase.state, answer: syncAnswer(step)?.error ?? PARKED }
    },
    row: {
      Empty: 'Empty: UNKNOWN_MEMBER_ID',
      PreparingRebalance: 'PreparingRebalance: REBALANCE_IN_PROGRESS',
      CompletingRebalance: 'Stable: NONE',
      Stable: 'Stable: NONE',
    },
  },
  Heartbeat: {
    ask(group) {
      const { error, group: next } = heartbeat(group, { memberId: 'member-1', groupInstanceId: null, generationId: 5 }, NOW)
      return { state: next.phase.state, answer: error }
    },
    row: {
      Empty: 'Empty: UNKNOWN_MEMBER_ID',
      PreparingRebalance: 'PreparingRebalance: REBALANCE_IN_PROGRESS',
      CompletingRebalance: 'CompletingRebalance: NONE',
      Stable: 'Stable: NONE',
    },
  },
  'OffsetCommit of a member': {
    ask(group) {
      const { error, group: next } = commitOffsets('group', group, aCommit(), NOW, aConfig())
      return { state: next!.phase.state, answer: error }
    },
    row: {
      Empty: 'Empty: UNKNOWN_MEMBER_ID',
      PreparingRebalance: 'PreparingRebalance: NONE',
      CompletingRebalance: 'CompletingRebalance: REBALANCE_IN_PROGRESS',
      Stable: 'Stable: NONE',
    },
  },
  'OffsetCommit without membership': {
    ask(group) {
      const { error, group: next } = commitOffsets('group', group, aCommit({ memberId: '', generationId: -1 }), NOW, aConfig())
      return { state: next!.phase.state, answer: error }
    },
    row: {
      Empty: 'Empty: NONE',
      PreparingRebalance: 'PreparingRebalance: UNKNOWN_MEMBER_ID',
      CompletingRebalance: 'CompletingRebalance: UNKNOWN_MEMBER_ID',
      Stable: 'Stable: UNKNOWN_MEMBER_ID',
    },
  },
  LeaveGroup: {
    ask(group) {
      const { left, group: next } = leaveGroup(group, [{ memberId: 'member-2', groupInstanceId: null }], NOW)
      return { state: next.phase.state, answer: left[0]!.error }
    },
    row: {
      Empty: 'Empty: UNKNOWN_MEMBER_ID',
      PreparingRebalance: 'PreparingRebalance: NONE',
      CompletingRebalance: 'PreparingRebalance: NONE',
      Stable: 'PreparingRebalance: NONE',
    },
  },
}

describe.each(Object.entries(requests))('%s', (_, { ask, row }) => {
  it.each(Object.entries(row))('to a group that is %s leads to %s', (state, expected) => {
    const members = state === 'Empty' ? [] : [{}, {}, {}]
    const outcome = ask(aGroup({ state: state as GroupState, members }))
    expect(`${outcome.state}: ${outcome.answer}`).toBe(expected)
  })
})
