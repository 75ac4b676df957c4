/** Names that begin like Kafka's own topics are not special; these two are. */
export const GROUP_OFFSETS_TOPIC = '__consumer_offsets'
export const TRANSACTION_STATE_TOPIC = '__transaction_state'
/** The log of the quorum, a topic in all but the metadata. */
export const CLUSTER_METADATA_TOPIC = '__cluster_metadata'

export const MAX_TOPIC_NAME_LENGTH = 249
const LEGAL = /^[a-zA-Z0-9._-]+$/

export function isTopicName(name: string): boolean {
  return topicNameFault(name) === undefined
}

/** Why a name cannot be a topic's, as a sentence; undefined for one that can. */
export function topicNameFault(name: string): string | undefined {
  if (name === '') return 'A topic needs a name.'
  if (name === '.' || name === '..') return "A topic cannot be called '.' or '..'."
  if (name.length > MAX_TOPIC_NAME_LENGTH) return `A topic's name has at most ${MAX_TOPIC_NAME_LENGTH} characters, not ${name.length}.`
  if (!LEGAL.test(name)) return "A topic's name is made of letters, digits, '.', '_' and '-'."
  return undefined
}

/** Names that are equal under this collide: metrics spell both characters alike. */
export function collisionKey(name: string): string {
  return name.replaceAll('.', '_')
}

/** Topics that the brokers write themselves and clients may only read. */
export function isInternalTopic(name: string): boolean {
  return name === GROUP_OFFSETS_TOPIC || name === TRANSACTION_STATE_TOPIC
}
