import { expect, it } from 'vitest'
import { loggerTo } from '../../base/logger.ts'
import { simulatedWorld } from '../../simulation/world.ts'
import { PartitionNews } from './partitionNews.ts'

it('tells of the first partitions to which something happens, and of the others how many they are', async () => {
  const world = simulatedWorld(1)
  const lines: string[] = []
  const news = new PartitionNews(
    world.env('broker').clock,
    loggerTo((_level, message) => lines.push(message)),
  )
  for (let index = 0; index < 3_000; index++) news.tell('leading', `orders-${index}`, { leaderEpoch: 1 })
  news.tell('asking for another in-sync set of', 'orders-0', {})
  expect(lines).toHaveLength(11)
  expect(lines.at(-1)).toBe('asking for another in-sync set of orders-0')
  await world.run(1_500)
  expect(lines.slice(11)).toEqual(['leading 2990 more partitions'])
  news.tell('leading', 'orders-7', { leaderEpoch: 2 })
  expect(lines.at(-1)).toBe('leading orders-7')
})
