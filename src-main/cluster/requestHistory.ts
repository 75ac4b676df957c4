import { latencyQuantile, LATENCY_BUCKETS } from '../base/latencyBuckets.ts'
import type { ApiRates, BrokerRates } from '../contract/requestRates.ts'
import type { ApiStats, StatsTold } from '../server/config.ts'

/** Brokers tell twice a second, not to the millisecond. */
const SAMPLE_MS = 950
const SAMPLES = 60

interface Sample {
  readonly atMs: number
  readonly cpuMs: number
  readonly memoryBytes: number
  readonly totals: ReadonlyMap<string, ApiStats>
}

/** What one broker process was asked in the last minute, made of the totals that it tells. Begins anew with the process. */
export class RequestHistory {
  readonly #totals = new Map<string, ApiStats>()
  #samples: Sample[] = []

  begin(): void {
    this.#totals.clear()
    this.#samples = []
  }

  told({ atMs, cpuMs, memoryBytes, apis }: StatsTold): void {
    for (const each of apis) this.#totals.set(`${each.askedBy} ${each.api}`, each)
    const last = this.#samples.at(-1)
    if (last !== undefined && atMs - last.atMs < SAMPLE_MS) return
    this.#samples.push({ atMs, cpuMs, memoryBytes, totals: new Map(this.#totals) })
    // One more than there are seconds: rates are what lies between two.
    if (this.#samples.length > SAMPLES + 1) this.#samples.shift()
  }

  rates(): Omit<BrokerRates, 'brokerId'> {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    if (first === undefined || last === undefined) return { atMs: null, windowMs: 0, cpuPercent: [], memoryBytes: [], apis: [] }
    const steps = this.#samples.slice(1).map((now, index) => ({ before: this.#samples[index]!, now }))
    const apis = [...last.totals].flatMap(([key, now]): ApiRates[] => {
      const before = first.totals.get(key)
      const requests = now.requests - (before?.requests ?? 0)
      if (requests === 0) return []
      const buckets = within(before, now)
      const history = steps.map(step =>
        perSecond(step, (step.now.totals.get(key)?.requests ?? 0) - (step.before.totals.get(key)?.requests ?? 0)),
      )
      return [
        {
          api: now.api,
          askedBy: now.askedBy,
          perSecond: history.at(-1) ?? 0,
          requests,
          errors: now.errors - (before?.errors ?? 0),
          p50Ms: latencyQuantile(buckets, 0.5),
          p99Ms: latencyQuantile(buckets, 0.99),
          history,
        },
      ]
    })
    return {
      atMs: last.atMs,
      windowMs: last.atMs - first.atMs,
      cpuPercent: steps.map(step => perSecond(step, step.now.cpuMs - step.before.cpuMs) / 10),
      memoryBytes: this.#samples.map(each => each.memoryBytes),
      apis: apis.sort((one, other) => other.requests - one.requests),
    }
  }
}

const perSecond = ({ before, now }: { readonly before: Sample; readonly now: Sample }, count: number) =>
  (count * 1000) / Math.max(1, now.atMs - before.atMs)

function within(before: ApiStats | undefined, now: ApiStats): Float64Array {
  const counts = new Float64Array(LATENCY_BUCKETS)
  for (const [index, count] of now.buckets.entries()) counts[now.firstBucket + index]! += count
  for (const [index, count] of (before?.buckets ?? []).entries()) counts[before!.firstBucket + index]! -= count
  return counts
}
