import { describe, expect, it } from 'vitest'
import { collisionKey, isInternalTopic, isTopicName } from './topicName.ts'

describe('a topic', () => {
  it.each(['a', '...', 'my-topic_1.x', 'A'.repeat(249)])('may be called %s', name => expect(isTopicName(name)).toBe(true))
  it.each(['', '.', '..', 'a b', 'a/b', 'ä', 'A'.repeat(250), 'a\n'])('cannot be called %j', name => expect(isTopicName(name)).toBe(false))
  it('collides with one that differs in dots and underscores only', () => expect(collisionKey('a.b_c')).toBe(collisionKey('a_b.c')))
  it('is internal when brokers write it', () => expect(['__consumer_offsets', '__mine'].map(isInternalTopic)).toEqual([true, false]))
})
