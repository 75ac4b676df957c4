import { MalformedMessage } from '../../../protocol/byteReader.ts'
import { type ConsumerSubscription, decodeSubscription } from '../../../protocol/messages/consumerProtocol.ts'
import { type Group, metadataOf } from './group.ts'

const CONSUMER = 'consumer'

/** Whether the members speak the protocol that the broker can read: the one of consumers. */
export function usesConsumerProtocol(group: Group): boolean {
  return group.protocolType === CONSUMER
}

/** The topics that the members read, or undefined when that cannot be told: another protocol, or metadata that does not parse. */
export function subscribedTopics(group: Group): ReadonlySet<string> | undefined {
  if (!usesConsumerProtocol(group)) return undefined
  const topics = new Set<string>()
  for (const member of group.members.values()) {
    const subscription = readSubscription(metadataOf(member, group.protocolName))
    if (subscription === undefined) return undefined
    for (const topic of subscription.topics) topics.add(topic)
  }
  return topics
}

/** Whether a member reads the topic, as far as can be told: consumers whose metadata does not parse may read any. */
export function isSubscribed(group: Group, topic: string): boolean {
  return subscribedTopics(group)?.has(topic) ?? usesConsumerProtocol(group)
}

/** Undefined for bytes that are none: they are a stranger's, and no broker has to understand them. */
function readSubscription(metadata: Buffer): ConsumerSubscription | undefined {
  try {
    return decodeSubscription(metadata)
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined
    throw error
  }
}
