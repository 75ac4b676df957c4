import { expect, it } from 'vitest'
import { fetchedMegabytesPerSecond, recordsPerSecond } from './javaPerf.ts'

it("of what the producer's test prints the steady state counts, which it tells last", () => {
  const figures = '(95.37 MB/sec), 3.21 ms avg latency, 240.00 ms max latency, 1 ms 50th, 12 ms 95th, 40 ms 99th, 60 ms 99.9th.'
  expect(
    recordsPerSecond(
      `1000 records sent, 50000.000000 records/sec ${figures}\n700 steady state records sent, 98765.4 records/sec ${figures}\n`,
    ),
  ).toBe(98_765.4)
  expect(recordsPerSecond(`1000 records sent, 50000.000000 records/sec ${figures}\n`)).toBe(50_000)
  expect(() => recordsPerSecond('nothing')).toThrow('nothing')
})

it("of what the consumer's test prints the speed from the first fetch on counts", () => {
  const line = '2026-01-01 10:00:00:000, 2026-01-01 10:00:05:000, 476.8372, 95.3674, 500000, 100000.0, 3000, 2000, 200.0, 250000.0000'
  expect(fetchedMegabytesPerSecond(`${line}\n`)).toBeCloseTo(209.7, 1)
  expect(() => fetchedMegabytesPerSecond('1, 2, 3')).toThrow('1, 2, 3')
})
