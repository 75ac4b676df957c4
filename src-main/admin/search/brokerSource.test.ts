import { afterEach, describe, expect, it } from 'vitest'
import type { MessageRow, OffsetRange } from '../../contract/messages.ts'
import type { SearchItem } from '../../contract/search.ts'
import { errorCode } from '../../protocol/errors.ts'
import { Fetch } from '../../protocol/messages/fetch.ts'
import { ListOffsets } from '../../protocol/messages/listOffsets.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { ScriptedKafka } from '../../simulation/kafka/scriptedKafka.ts'
import { type AdminServices, adminServices } from '../adminServices.ts'
import { sameThreadWorkers } from './sameThread.ts'

const clusterId = 'scripted'
const topic = 'orders'
const PARTITIONS = 3
const BATCHES = 40
const PER_BATCH = 100

let kafka: ScriptedKafka
let admin: AdminServices
afterEach(async () => {
  await admin.close()
  kafka.world.close()
})

/** Every tenth record is a hit. */
async function filled(given: (kafka: ScriptedKafka) => void = () => undefined): Promise<void> {
  kafka = new ScriptedKafka()
  kafka.topic(topic, { partitions: PARTITIONS })
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (let batch = 0; batch < BATCHES; batch++) {
      const records = Array.from({ length: PER_BATCH }, (_, index) => ({
        key: null,
        value: Buffer.from(index % 10 === 0 ? `hit ${'x'.repeat(200)}` : 'x'.repeat(200)),
        timestamp: batch * PER_BATCH + index,
      }))
      kafka.append(topic, partition, buildBatch({ records, isControl: false }))
    }
    kafka.append(
      topic,
      partition,
      buildBatch({ records: [{ key: Buffer.from('hit'), value: Buffer.from('hit'), timestamp: 0 }], isControl: true }),
    )
  }
  given(kafka)
  await kafka.world.settle(kafka.start())
  admin = adminServices(kafka.world.env('client'), {
    bootstrapOf: () => [1, 2, 3].map(broker => kafka.addressOf(broker)),
    searchWorkers: sameThreadWorkers(),
  })
}

type Input = Parameters<AdminServices['search']['run']>[0]

async function searched(more: Partial<Input> = {}): Promise<{ rows: MessageRow[]; end: Extract<SearchItem, { type: 'ended' }> }> {
  const input: Input = {
    clusterId,
    topic,
    filter: { kind: 'text', text: 'hit', isCaseSensitive: true, where: ['key', 'value'] },
    ranges: null,
    fromMs: null,
    toMs: null,
    order: 'newestFirst',
    maxHits: null,
    source: 'brokers',
    ...more,
  }
  const run = async () => {
    const rows: MessageRow[] = []
    for await (const item of admin.search.run(input, new AbortController().signal)) {
      if (item.type === 'hits') rows.push(...item.rows)
      if (item.type === 'ended') return { rows, end: item }
    }
    throw new Error('the search did not end')
  }
  return kafka.world.settle(run())
}

const offsetsOf = (rows: readonly MessageRow[], partition: number) =>
  rows.filter(row => row.partition === partition).map(({ offset }) => offset)
const hits = (from = 0, to = BATCHES * PER_BATCH) =>
  Array.from({ length: to - from }, (_, index) => from + index).filter(offset => offset % 10 === 0)

describe('a search at brokers', () => {
  it.each(['newestFirst', 'oldestFirst'] as const)(
    'finds everything in each partition, %s; control records are no messages',
    async order => {
      await filled()
      const { rows, end } = await searched({ order })
      for (let partition = 0; partition < PARTITIONS; partition++) {
        expect(offsetsOf(rows, partition)).toEqual(order === 'oldestFirst' ? hits() : hits().reverse())
      }
      expect(end).toMatchObject({ why: 'completed', progress: { records: PARTITIONS * BATCHES * PER_BATCH, failures: 0 } })
    },
  )

  it('asks for nothing outside the ranges, which may overlap', async () => {
    await filled()
    const ranges: OffsetRange[] = [
      { partition: 1, from: 3_000, to: 3_200 },
      { partition: 1, from: 3_100, to: 3_300 },
      { partition: 1, from: 10, to: 20 },
      { partition: 2, from: 3_990, to: 9_999 },
    ]
    const { rows, end } = await searched({ ranges, order: 'oldestFirst' })
    expect(offsetsOf(rows, 1).sort((one, other) => one - other)).toEqual([10, ...hits(3_000, 3_300)])
    expect(offsetsOf(rows, 2)).toEqual([3_990])
    expect(end.progress.records).toBe(10 + 300 + 10)
    await expect(searched({ ranges: [{ partition: 9, from: 0, to: 1 }] })).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  it('goes where the leader went', async () => {
    await filled(given => {
      const answer = given.scripted(Fetch)
      let answered = 0
      given.script(Fetch, async (request, call) => {
        const response = await answer(request, call)
        if (call.broker !== 2 || ++answered !== 2 || typeof response !== 'object') return response
        given.topics.get(topic)!.partitions[1]!.leader = 3
        given.topics.get(topic)!.partitions[1]!.leaderEpoch = 2
        const refused = { errorCode: errorCode('NOT_LEADER_OR_FOLLOWER'), records: null }
        const responses = response.responses.map(each => ({
          ...each,
          partitions: each.partitions.map(found => ({ ...found, ...refused })),
        }))
        return { ...response, responses }
      })
    })
    const { rows } = await searched({ order: 'oldestFirst' })
    for (let partition = 0; partition < PARTITIONS; partition++) expect(offsetsOf(rows, partition)).toEqual(hits())
  })

  it('waits for a new leader that does not know yet what is committed', async () => {
    await filled(given => {
      const answer = given.scripted(Fetch)
      let answered = 0
      given.script(Fetch, async (request, call) => {
        const response = await answer(request, call)
        answered += 1
        if (answered < 4 || answered > 12 || typeof response !== 'object') return response
        const behind = { highWatermark: 5, records: null }
        const responses = response.responses.map(each => ({ ...each, partitions: each.partitions.map(found => ({ ...found, ...behind })) }))
        return { ...response, responses }
      })
    })
    const { rows } = await searched({ order: 'oldestFirst' })
    for (let partition = 0; partition < PARTITIONS; partition++) expect(offsetsOf(rows, partition)).toEqual(hits())
  })

  it('does not wait for ever for records that are lost', async () => {
    await filled(given => {
      const answer = given.scripted(Fetch)
      let answered = 0
      given.script(Fetch, (request, call) => {
        if (call.broker === 1 && ++answered === 2) given.topics.get(topic)!.partitions[0]!.log.length = 10
        return answer(request, call)
      })
    })
    const { rows, end } = await searched({ order: 'oldestFirst' })
    expect(end).toMatchObject({ why: 'completed', remaining: [] })
    expect(offsetsOf(rows, 1)).toEqual(hits())
  })

  it('takes for searched what retention takes away meanwhile', async () => {
    await filled(given => {
      const answer = given.scripted(Fetch)
      let answered = 0
      given.script(Fetch, (request, call) => {
        if (call.broker === 1 && ++answered === 2) {
          const partition = given.topics.get(topic)!.partitions[0]!
          partition.start = 3_900
        }
        return answer(request, call)
      })
    })
    const { rows, end } = await searched({ order: 'oldestFirst' })
    expect(end).toMatchObject({ why: 'completed', remaining: [] })
    expect(offsetsOf(rows, 1)).toEqual(hits())
    expect(offsetsOf(rows, 0)).toEqual(expect.arrayContaining(hits(3_900)))
  })

  it('passes over what is too old, by the index', async () => {
    await filled(given => {
      const answer = given.scripted(ListOffsets)
      given.script(ListOffsets, async (request, call) => {
        const response = await answer(request, call)
        const timestamp = request.topics[0]!.partitions[0]!.timestamp
        if (timestamp < 0 || typeof response !== 'object') return response
        // Each record is as old as its offset says.
        const topics = response.topics.map(each => ({
          ...each,
          partitions: each.partitions.map(found => ({ ...found, errorCode: 0, offset: timestamp })),
        }))
        return { ...response, topics }
      })
    })
    const { rows, end } = await searched({ fromMs: 3_500, toMs: 3_600 })
    for (let partition = 0; partition < PARTITIONS; partition++) expect(offsetsOf(rows, partition)).toEqual(hits(3_500, 3_600).reverse())
    expect(end.progress.partitions[0]).toMatchObject({ from: 3_500 })
  })
})
