import { residentBytes, sleep, startCluster } from '../brokers.ts'
import type { Row } from '../figures.ts'

const IDLE_MS = 10_000

/** Three brokers that do nothing: their resident memory, summed. Pages that they share are counted for each. */
export async function idleMemory(rounds: number): Promise<Row[]> {
  const values: number[] = []
  for (let round = 0; round < rounds; round++) {
    await using cluster = await startCluster()
    await sleep(IDLE_MS)
    const bytes = residentBytes(cluster)
    if (bytes === undefined) return []
    values.push(bytes / 1e6)
  }
  return [{ name: 'resident memory of three idle brokers, summed', unit: 'MB', values, bar: '≤ 300' }]
}
