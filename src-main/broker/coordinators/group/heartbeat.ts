import type { ErrorName } from '../../../protocol/errors.ts'
import { checkMember, type Group, type Moment } from './group.ts'
import { Turn } from './turn.ts'

export interface HeartbeatRequest {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly generationId: number
}

/** Changes nothing but the member's session, so that it can be answered at once, whatever the log is doing. */
export function heartbeat(
  group: Group,
  { memberId, groupInstanceId, generationId }: HeartbeatRequest,
  at: Moment,
): { readonly group: Group; readonly error: ErrorName } {
  const error = checkMember(group, memberId, groupInstanceId)
  if (error !== 'NONE') return { group, error }
  if (generationId !== group.generationId) return { group, error: 'ILLEGAL_GENERATION' }
  const turn = new Turn(group, at)
  turn.renewSession(memberId)
  return { group: turn.group, error: group.phase.state === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE' }
}
