import { describe, expect, it } from 'vitest'
import type { LocalBroker } from '../../src-main/contract/cluster.ts'
import { addSample, HISTORY_SECONDS, type RateHistory } from './rateHistory.ts'

const at = (atMs: number, bytesInPerSecond: number) => ({
  atMs,
  brokers: [{ brokerId: 1, bytesInPerSecond, bytesOutPerSecond: 0 } as LocalBroker],
})
const rates = (...samples: [atMs: number, rate: number][]) =>
  samples.reduce<RateHistory>((history, [atMs, rate]) => addSample(history, at(atMs, rate)), new Map()).get(1)?.bytesIn

describe('the rates of a broker', () => {
  it('have one value a second, the last one', () => expect(rates([1000, 5], [1400, 6], [2000, 7])).toEqual([6, 7]))
  it('repeat the last value while nothing was said', () => expect(rates([1000, 5], [4000, 9])).toEqual([5, 5, 5, 9]))
  it('go back a minute', () => expect(rates([0, 1], [500_000, 2])).toHaveLength(HISTORY_SECONDS))
})
