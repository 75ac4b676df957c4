import type { ClusterSnapshot } from '../../src-main/contract/cluster.ts'

/** Bytes per second of one broker, a value a second, oldest first. */
export interface Rates {
  readonly second: number
  readonly bytesIn: readonly number[]
  readonly bytesOut: readonly number[]
}
export type RateHistory = ReadonlyMap<number, Rates>

/** Seconds that a sparkline shows. */
export const HISTORY_SECONDS = 60

/** The history with one snapshot more. Seconds without a snapshot repeat the last value: no snapshot means nothing changed. */
export function addSample(history: RateHistory, snapshot: Pick<ClusterSnapshot, 'atMs' | 'brokers'>): RateHistory {
  const second = Math.floor(snapshot.atMs / 1000)
  return new Map(
    snapshot.brokers.map(broker => {
      const before = history.get(broker.brokerId) ?? { second: second - 1, bytesIn: [], bytesOut: [] }
      const missed = Math.max(0, Math.min(second - before.second, HISTORY_SECONDS))
      const extend = (values: readonly number[], now: number) => {
        const known = missed === 0 ? values.slice(0, -1) : [...values, ...Array<number>(missed - 1).fill(values.at(-1) ?? 0)]
        return [...known, now].slice(-HISTORY_SECONDS)
      }
      return [
        broker.brokerId,
        {
          second: Math.max(second, before.second),
          bytesIn: extend(before.bytesIn, broker.bytesInPerSecond),
          bytesOut: extend(before.bytesOut, broker.bytesOutPerSecond),
        },
      ]
    }),
  )
}
