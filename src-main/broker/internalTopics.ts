import { OFFSETS_TOPIC } from './coordinators/group/groupCoordinator.ts'

const TRANSACTION_STATE_TOPIC = '__transaction_state'
const SHARE_GROUP_STATE_TOPIC = '__share_group_state'

/** Topics that only brokers write. */
export function isInternalTopic(topic: string): boolean {
  return topic === OFFSETS_TOPIC || topic === TRANSACTION_STATE_TOPIC || topic === SHARE_GROUP_STATE_TOPIC
}

const LEGAL = /^[a-zA-Z0-9._-]{1,249}$/

/** Whether a topic may have that name at all. */
export function isLegalTopicName(topic: string): boolean {
  return LEGAL.test(topic) && topic !== '.' && topic !== '..'
}
