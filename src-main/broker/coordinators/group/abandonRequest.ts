import type { Group, Moment, Ticket } from './group.ts'
import { type Step, Turn } from './turn.ts'

/**
 * The connection of a parked request broke, so that nobody hears its answer. The member has the session timeout to ask again; until it does, it
 * does not count as joined. Differs from Kafka, which does not notice, and makes dead members part of the next generation.
 */
export function abandonRequest(group: Group, ticket: Ticket, at: Moment): Step {
  const turn = new Turn(group, at)
  for (const member of group.members.values()) {
    const sessionDeadlineMs = at.elapsedMs + member.sessionTimeoutMs
    if (member.join === ticket) turn.putMember({ ...member, join: undefined, sessionDeadlineMs })
    else if (member.sync === ticket) turn.putMember({ ...member, sync: undefined, owesSync: true, sessionDeadlineMs })
  }
  return turn.step
}
