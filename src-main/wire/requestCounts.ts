import { LATENCY_BUCKETS, latencyBucket } from '../base/latencyBuckets.ts'
import type { AnyApi } from '../protocol/schema.ts'
import { errorsWithin } from './errorsWithin.ts'

/** What was asked of one API since the counting began. */
export interface ApiCounts {
  readonly api: string
  requests: number
  /** Answers that tell of an error, for anything that was asked; and requests that were answered with the end of the connection. */
  errors: number
  /** How long each took, from its turn to its answer: see `latencyBuckets`. Waiting, as a Fetch does for records, is part of it. */
  readonly buckets: Float64Array
}

type Counted = ApiCounts & { readonly hasErrors: (answer: unknown) => boolean }

/** Counts requests by API. One request costs a look at its answer's error codes and three additions, and takes no memory. */
export class RequestCounts {
  readonly #counted: (Counted | undefined)[] = []

  answered(api: AnyApi, tookMs: number, answer: unknown): void {
    const counts = this.#of(api)
    this.#add(counts, tookMs)
    if (counts.hasErrors(answer)) counts.errors += 1
  }

  /** There was no answer, because it could not be made. */
  failed(api: AnyApi, tookMs: number): void {
    const counts = this.#of(api)
    this.#add(counts, tookMs)
    counts.errors += 1
  }

  /** Of every API that was asked for anything. They go on changing. */
  all(): ApiCounts[] {
    return this.#counted.filter(each => each !== undefined)
  }

  #add(counts: Counted, tookMs: number): void {
    counts.requests += 1
    counts.buckets[latencyBucket(tookMs)]! += 1
  }

  #of(api: AnyApi): Counted {
    return (this.#counted[api.key] ??= {
      api: api.name,
      requests: 0,
      errors: 0,
      buckets: new Float64Array(LATENCY_BUCKETS),
      hasErrors: errorsWithin(api),
    })
  }
}
