import { z } from 'zod'
import { BrokerId, TimestampMs } from './common.ts'

/** What was asked of one API of one broker lately. */
export const ApiRates = z.object({
  api: z.string(),
  askedBy: z.enum(['clients', 'brokers']),
  /** Within the last second or two. */
  perSecond: z.number(),
  /** Within the window, as the rest. */
  requests: z.number().int(),
  /** Answers that told of an error, for anything that was asked. */
  errors: z.number().int(),
  /** From a request's turn to its answer, waiting included; null when there was none. */
  p50Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  /** Requests a second, a value a second, oldest first. */
  history: z.array(z.number()),
})
export type ApiRates = z.infer<typeof ApiRates>

/** What a broker of the local cluster does, as its process counts it. */
export const BrokerRates = z.object({
  brokerId: BrokerId,
  /** Of the last figures that its process told. */
  atMs: TimestampMs.nullable(),
  /** How far back `requests`, `errors` and the quantiles go: at most a minute. */
  windowMs: z.number(),
  cpuPercent: z.array(z.number()),
  memoryBytes: z.array(z.number()),
  /** All that were asked for anything within the window, the busiest first. */
  apis: z.array(ApiRates),
})
export type BrokerRates = z.infer<typeof BrokerRates>
