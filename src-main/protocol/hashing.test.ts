import { describe, expect, it } from 'vitest'
import vectors from './fixtures/vectors.json' with { type: 'json' }
import { javaStringHash, murmur2, partitionForGroup, partitionForKey, toPositive } from './hashing.ts'

describe('records with a key', () => {
  it.each(vectors.murmur2)('$key goes to partition $partition_of_12 of 12, as with the Java client', ({ key, hash, partition_of_12 }) => {
    expect(murmur2(Buffer.from(key))).toBe(hash)
    expect(partitionForKey(Buffer.from(key), 12)).toBe(partition_of_12)
  })

  it('lose the sign of their hash, not its distance from zero', () => expect(toPositive(-1)).toBe(0x7fff_ffff))
})

describe('groups', () => {
  it.each(vectors.java_string_hash)('$id lives in partition $partition_of_50 of 50', ({ id, hash, partition_of_50 }) => {
    expect(javaStringHash(id)).toBe(hash)
    expect(partitionForGroup(id, 50)).toBe(partition_of_50)
  })
})
