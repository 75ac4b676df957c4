import { describe, expect, it } from 'vitest'
import { LATENCY_BUCKETS, latencyBucket, latencyQuantile } from './latencyBuckets.ts'

function counted(...durations: readonly number[]): Float64Array {
  const counts = new Float64Array(LATENCY_BUCKETS)
  for (const ms of durations) counts[latencyBucket(ms)]! += 1
  return counts
}

describe('a histogram of latencies', () => {
  it('knows nothing before anything was counted', () => expect(latencyQuantile(counted(), 0.5)).toBeNull())

  it.each([0.2, 1, 3.7, 42, 500, 9_999])('tells %d ms to within a tenth', ms => {
    expect(latencyQuantile(counted(ms), 0.5)! / ms).toBeGreaterThan(0.9)
    expect(latencyQuantile(counted(ms), 0.99)! / ms).toBeLessThan(1.1)
  })

  it('tells what half took and what one in a hundred took', () => {
    const durations = Array.from({ length: 98 }, () => 2)
    const counts = counted(...durations, 300, 300)
    expect(latencyQuantile(counts, 0.5)).toBeCloseTo(2, 0)
    expect(latencyQuantile(counts, 0.99)! / 300).toBeGreaterThan(0.9)
  })

  it('holds what is longer or shorter than its buckets in the last and the first', () => {
    expect(latencyBucket(0)).toBe(0)
    expect(latencyBucket(10 ** 9)).toBe(LATENCY_BUCKETS - 1)
  })
})
