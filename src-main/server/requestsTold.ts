import type { ApiCounts, RequestCounts } from '../wire/requestCounts.ts'
import type { ApiStats } from './control.ts'

/** Each time, the counts of those APIs that were asked for something since the time before. */
export function requestsTold(counted: { readonly [By in ApiStats['askedBy']]: RequestCounts }): () => ApiStats[] {
  const told = new Map<ApiCounts, number>()
  const of = (askedBy: ApiStats['askedBy']) =>
    counted[askedBy].all().flatMap(counts => {
      if (told.get(counts) === counts.requests) return []
      told.set(counts, counts.requests)
      return [statsOf(counts, askedBy)]
    })
  return () => [...of('clients'), ...of('brokers')]
}

function statsOf({ api, requests, errors, buckets }: ApiCounts, askedBy: ApiStats['askedBy']): ApiStats {
  const firstBucket = buckets.findIndex(count => count > 0)
  const end = buckets.findLastIndex(count => count > 0) + 1
  return { api, askedBy, requests, errors, firstBucket, buckets: Array.from(buckets.subarray(firstBucket, end)) }
}
