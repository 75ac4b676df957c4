import { afterEach, describe, expect, it } from 'vitest'
import { errorCode } from '../protocol/errors.ts'
import { Fetch } from '../protocol/messages/fetch.ts'
import { ListOffsets } from '../protocol/messages/listOffsets.ts'
import { Metadata } from '../protocol/messages/metadata.ts'
import { Produce } from '../protocol/messages/produce.ts'
import { InitProducerId } from '../protocol/messages/initProducerId.ts'
import { baseSequence, compressionName, producerId } from '../protocol/records/batch.ts'
import { buildBatch, type NewBatch } from '../protocol/records/batchBuilder.ts'
import { decodeRecords } from '../protocol/records/record.ts'
import type { RequestOf } from '../protocol/schema.ts'
import { ScriptedKafka } from '../simulation/kafka/scriptedKafka.ts'
import { type AdminServices, adminServices } from './adminServices.ts'

const clusterId = 'scripted'
const topic = 'orders'

let kafka: ScriptedKafka
let admin: AdminServices
afterEach(async () => {
  await admin.close()
  kafka.world.close()
})

async function connected(given: (kafka: ScriptedKafka) => void): Promise<void> {
  kafka = new ScriptedKafka()
  given(kafka)
  await kafka.world.settle(kafka.start())
  admin = adminServices(kafka.world.env('client'), {
    bootstrapOf: id => (id === clusterId ? [1, 2, 3].map(broker => kafka.addressOf(broker)) : undefined),
  })
}

const settle = <T>(promise: Promise<T>) => kafka.world.settle(promise)
const read = (...ranges: { partition: number; from: number; to: number }[]) => settle(admin.messages.read({ clusterId, topic, ranges }))
const values = (rows: readonly { value: { text: string | null } | null }[]) => rows.map(({ value }) => value?.text ?? null)

/** A batch of records that say their offset. */
function aBatch(first: number, count: number, more: Partial<NewBatch> = {}): Buffer {
  const records = Array.from({ length: count }, (_, index) => ({
    key: null,
    value: Buffer.from(`${first + index}`),
    timestamp: 1_000 + first + index,
  }))
  return buildBatch({ records, ...more })
}

function filled(given: ScriptedKafka, batches: number, perBatch: number, more: Partial<NewBatch> = {}): void {
  given.topic(topic, { partitions: 3 })
  for (const partition of [0, 1, 2]) {
    for (let index = 0; index < batches; index++) given.append(topic, partition, aBatch(index * perBatch, perBatch, more))
  }
}

const fetches = () => kafka.asked.filter(({ api }) => api === 'Fetch')

describe('reading messages', () => {
  it('gives the records of each range in order, asking each leader once', async () => {
    await connected(given => filled(given, 10, 10))
    const rows = await read({ partition: 0, from: 5, to: 8 }, { partition: 1, from: 95, to: 99 }, { partition: 2, from: 0, to: 1 })
    expect(rows.map(({ partition, offset }) => `${partition}/${offset}`)).toEqual([
      '0/5',
      '0/6',
      '0/7',
      '1/95',
      '1/96',
      '1/97',
      '1/98',
      '2/0',
    ])
    expect(values(rows)).toEqual(['5', '6', '7', '95', '96', '97', '98', '0'])
    expect(
      fetches()
        .map(({ broker }) => broker)
        .sort(),
    ).toEqual([1, 2, 3])
  })

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('reads what was compressed with %s', async codec => {
    await connected(given => filled(given, 2, 50, { codec }))
    expect(values(await read({ partition: 1, from: 48, to: 52 }))).toEqual(['48', '49', '50', '51'])
  })

  it('reads several ranges of one partition, in the order in which they were asked for', async () => {
    await connected(given => filled(given, 10, 10))
    const rows = await read({ partition: 0, from: 90, to: 92 }, { partition: 0, from: 3, to: 5 }, { partition: 0, from: 4, to: 6 })
    expect(values(rows)).toEqual(['90', '91', '3', '4', '4', '5'])
  })

  it('asks nobody while somebody scrolls inside what was fetched', async () => {
    await connected(given => filled(given, 10, 10))
    await read({ partition: 0, from: 5, to: 8 })
    await read({ partition: 0, from: 8, to: 20 })
    await settle(admin.messages.detail({ clusterId, topic, partition: 0, offset: 12 }))
    expect(fetches()).toHaveLength(1)
  })

  it('asks again after some seconds, because what was read may be lost meanwhile', async () => {
    await connected(given => filled(given, 1, 3))
    expect(await read({ partition: 0, from: 0, to: 3 })).toHaveLength(3)
    kafka.topics.get(topic)!.partitions[0]!.log = [aBatch(100, 1)]
    await kafka.world.run(10_001)
    expect(values(await read({ partition: 0, from: 0, to: 3 }))).toEqual(['100'])
  })

  it('goes on where one answer did not hold all of it', async () => {
    await connected(given => {
      filled(given, 100, 10)
      const usual = given.scripted(Fetch)
      given.script(Fetch, (request, call) =>
        usual(
          {
            ...request,
            topics: request.topics.map(each => ({ ...each, partitions: each.partitions.map(one => ({ ...one, partitionMaxBytes: 1 })) })),
          },
          call,
        ),
      )
    })
    const rows = await read({ partition: 0, from: 0, to: 200 })
    expect(rows.map(({ offset }) => offset)).toEqual(Array.from({ length: 200 }, (_, offset) => offset))
    expect(fetches()).toHaveLength(20)
  })

  it('leaves out what compaction and markers left without a record', async () => {
    await connected(given => {
      given.topic(topic)
      const sparse = buildBatch({
        records: [
          { key: null, value: Buffer.from('0'), timestamp: 1 },
          { key: null, value: Buffer.from('4'), timestamp: 1, offsetDelta: 4 },
        ],
        lastOffsetDelta: 9,
      })
      given.append(topic, 0, sparse)
      given.append(topic, 0, buildBatch({ records: [{ key: Buffer.alloc(4), value: Buffer.alloc(6), timestamp: 1 }], isControl: true }))
      given.append(topic, 0, aBatch(11, 2))
    })
    const rows = await read({ partition: 0, from: 0, to: 20 })
    expect(rows.map(({ offset }) => offset)).toEqual([0, 4, 11, 12])
    expect(await settle(admin.messages.detail({ clusterId, topic, partition: 0, offset: 10 }))).toBeNull()
  })

  it('leaves out what retention took away, and what is not there yet', async () => {
    await connected(given => {
      filled(given, 3, 10)
      const partition = given.topics.get(topic)!.partitions[0]!
      partition.start = 20
      partition.log.splice(0, 2)
    })
    const rows = await read(
      { partition: 0, from: 0, to: 5 },
      { partition: 0, from: 18, to: 22 },
      { partition: 0, from: 28, to: 40 },
      { partition: 0, from: 90, to: 99 },
    )
    expect(values(rows)).toEqual(['20', '21', '28', '29'])
  })

  it('follows a partition to its new leader', async () => {
    await connected(given => filled(given, 1, 3))
    await settle(admin.messages.extent({ clusterId, topic }))
    Object.assign(kafka.topics.get(topic)!.partitions[0]!, { leader: 3, leaderEpoch: 2 })
    expect(values(await read({ partition: 0, from: 0, to: 2 }))).toEqual(['0', '1'])
    // The old leader could tell from the epoch that it is meant as the leader it was, the new one that it is meant as the leader it is (KIP-320).
    const epochs = fetches().map(({ broker, request }) => [
      broker,
      (request as RequestOf<typeof Fetch>).topics[0]?.partitions[0]?.currentLeaderEpoch,
    ])
    expect(epochs).toEqual([
      [1, 1],
      [3, 2],
    ])
  })

  it('waits for a leader to be elected', async () => {
    await connected(given => filled(given, 1, 3))
    Object.assign(kafka.topics.get(topic)!.partitions[0]!, { leader: -1 })
    const rows = admin.messages.read({ clusterId, topic, ranges: [{ partition: 0, from: 0, to: 2 }] })
    await kafka.world.run(2_000)
    Object.assign(kafka.topics.get(topic)!.partitions[0]!, { leader: 2, leaderEpoch: 2 })
    expect(values(await settle(rows))).toEqual(['0', '1'])
  })

  it('does not take the end of a leader that was just elected for the end of the log', async () => {
    await connected(given => filled(given, 1, 3))
    await settle(admin.messages.extent({ clusterId, topic }))
    let isSettled = false
    const [fetch, listOffsets] = [kafka.scripted(Fetch), kafka.scripted(ListOffsets)]
    kafka.script(Fetch, async (request, call) => {
      const answer = await fetch(request, call)
      if (isSettled || typeof answer === 'symbol') return answer
      const behind = { highWatermark: 1, records: null }
      return {
        ...answer,
        responses: answer.responses.map(each => ({ ...each, partitions: each.partitions.map(one => ({ ...one, ...behind })) })),
      }
    })
    kafka.script(ListOffsets, async (request, call) => {
      const answer = await listOffsets(request, call)
      if (isSettled || typeof answer === 'symbol') return answer
      const unknown = { errorCode: errorCode('OFFSET_NOT_AVAILABLE'), offset: -1, timestamp: -1 }
      return {
        ...answer,
        topics: answer.topics.map(each => ({ ...each, partitions: each.partitions.map(one => ({ ...one, ...unknown })) })),
      }
    })
    const rows = admin.messages.read({ clusterId, topic, ranges: [{ partition: 0, from: 1, to: 3 }] })
    await kafka.world.run(2_000)
    isSettled = true
    expect(values(await settle(rows))).toEqual(['1', '2'])
  })

  it('believes the end of a log once its leader says that it knows it', async () => {
    await connected(given => filled(given, 1, 3))
    expect(values(await read({ partition: 0, from: 2, to: 3 }, { partition: 0, from: 3, to: 9 }))).toEqual(['2'])
    expect(await settle(admin.messages.detail({ clusterId, topic, partition: 0, offset: 3 }))).toBeNull()
  })

  it('says that a batch is corrupt rather than to show it', async () => {
    await connected(given => {
      given.topic(topic)
      const batch = aBatch(0, 3)
      batch[batch.length - 3]! ^= 0xff
      given.append(topic, 0, batch)
    })
    await expect(read({ partition: 0, from: 0, to: 2 })).rejects.toMatchObject({ code: 'CORRUPT_MESSAGE' })
  })

  it('asks old brokers by name', async () => {
    await connected(given => {
      filled(given, 1, 3)
      given.limit(Fetch, [4, 11])
      given.limit(Metadata, [0, 8])
      given.limit(ListOffsets, [1, 3])
    })
    expect(values(await read({ partition: 0, from: 1, to: 2 }))).toEqual(['1'])
    expect(fetches()[0]?.version).toBe(11)
  })

  it('asks by name where brokers speak of ids but the topic has none', async () => {
    await connected(given => {
      filled(given, 1, 3)
      given.limit(Metadata, [0, 9])
    })
    expect(values(await read({ partition: 0, from: 1, to: 2 }))).toEqual(['1'])
    expect(fetches()[0]?.version).toBe(12)
  })

  it.each([
    { what: 'more than a thousand offsets', ranges: [{ partition: 0, from: 0, to: 1_001 }], code: 'INVALID_REQUEST' },
    { what: 'a partition that does not exist', ranges: [{ partition: 7, from: 0, to: 1 }], code: 'UNKNOWN_TOPIC_OR_PARTITION' },
  ])('refuses $what', async ({ ranges, code }) => {
    await connected(given => filled(given, 1, 1))
    const began = kafka.world.elapsed
    await expect(read(...ranges)).rejects.toMatchObject({ code })
    expect(kafka.world.elapsed - began).toBeLessThan(2_000)
  })
})

describe('the extent of a topic', () => {
  it('is where each partition starts and ends', async () => {
    await connected(given => {
      filled(given, 2, 5)
      given.topics.get(topic)!.partitions[1]!.start = 4
    })
    expect(await settle(admin.messages.extent({ clusterId, topic }))).toEqual([
      { partition: 0, start: 0, end: 10 },
      { partition: 1, start: 4, end: 10 },
      { partition: 2, start: 0, end: 10 },
    ])
  })

  it('leaves out a partition without a leader, and does not wait for it for long', async () => {
    await connected(given => filled(given, 1, 5))
    kafka.topics.get(topic)!.partitions[1]!.leader = -1
    const began = kafka.world.elapsed
    expect((await settle(admin.messages.extent({ clusterId, topic }))).map(({ partition }) => partition)).toEqual([0, 2])
    expect(kafka.world.elapsed - began).toBeLessThan(1_000)
  })

  it('is an error when nobody can tell', async () => {
    await connected(given => filled(given, 1, 5))
    for (const partition of kafka.topics.get(topic)!.partitions) partition.leader = -1
    await expect(settle(admin.messages.extent({ clusterId, topic }))).rejects.toMatchObject({ code: 'LEADER_NOT_AVAILABLE' })
  })

  it('knows no topic of another cluster', async () => {
    await connected(given => filled(given, 1, 5))
    await expect(settle(admin.messages.extent({ clusterId: 'other', topic }))).rejects.toMatchObject({ code: 'UNKNOWN_CLUSTER' })
  })
})

describe('looking for a time', () => {
  it('gives the end where no record is that young', async () => {
    await connected(given => {
      filled(given, 1, 5)
      const usual = given.scripted(ListOffsets)
      given.script(ListOffsets, (request, call) => {
        const [asked] = request.topics
        const [first] = asked?.partitions ?? []
        if (first?.timestamp !== 1_234) return usual(request, call)
        return {
          topics: [
            {
              name: topic,
              partitions: [{ partitionIndex: first.partitionIndex, errorCode: 0, offset: first.partitionIndex === 0 ? 3 : -1 }],
            },
          ],
        }
      })
    })
    expect(await settle(admin.messages.offsetsAt({ clusterId, topic, timestampMs: 1_234 }))).toEqual([
      { partition: 0, offset: 3 },
      { partition: 1, offset: 5 },
      { partition: 2, offset: 5 },
    ])
  })
})

describe('producing a message', () => {
  type Message = Parameters<AdminServices['messages']['produce']>[0]
  const message: Message = { clusterId, topic, partition: null, key: null, value: Buffer.from('v'), headers: [], compression: 'none' }
  const produce = (more: Partial<Message> = {}) => settle(admin.messages.produce({ ...message, ...more }))
  const batches = () =>
    kafka.asked
      .filter(({ api }) => api === 'Produce')
      .map(({ request }) => (request as RequestOf<typeof Produce>).topicData[0]!.partitionData[0]!.records!)

  it.each([
    { key: 'foobar', partition: 0 },
    { key: '21', partition: 2 },
    { key: '', partition: 0 },
  ])('goes where the Java client would put the key $key', async ({ key }) => {
    await connected(given => given.topic(topic, { partitions: 3 }))
    const { partition } = await produce({ key: Buffer.from(key) })
    // murmur2 of these keys, as Kafka's own tests state them, without the sign.
    const hashes: Record<string, number> = { '21': -973932308, foobar: -790332482, '': 275646681 }
    expect(partition).toBe((hashes[key]! & 0x7fff_ffff) % 3)
  })

  it('goes to a partition that has a leader when nothing says which', async () => {
    await connected(given => given.topic(topic, { partitions: 3 }))
    kafka.topics.get(topic)!.partitions[0]!.leader = -1
    kafka.topics.get(topic)!.partitions[2]!.leader = -1
    for (let count = 0; count < 5; count++) expect((await produce()).partition).toBe(1)
  })

  it('says where the record is, and when it counts as made', async () => {
    await connected(given => given.topic(topic))
    expect(await produce()).toMatchObject({ partition: 0, offset: 0 })
    expect(await produce({ headers: [{ key: 'h', value: null }], compression: 'zstd' })).toMatchObject({ partition: 0, offset: 1 })
    const [, second] = batches()
    expect(compressionName(second!)).toBe('zstd')
    expect(decodeRecords(second!, 0, 1_000)).toMatchObject([{ key: null, value: Buffer.from('v'), headers: [{ key: 'h', value: null }] }])
  })

  it('numbers the records of a partition, and asks for an identity once', async () => {
    await connected(given => given.topic(topic, { partitions: 2 }))
    await Promise.all([0, 0, 1].map(partition => produce({ partition })))
    expect(
      batches()
        .map(batch => baseSequence(batch))
        .sort(),
    ).toEqual([0, 0, 1])
    expect(kafka.countOf(InitProducerId)).toBe(1)
  })

  it('sends the same number again when the answer is lost', async () => {
    await connected(given => given.topic(topic))
    await produce()
    const usual = kafka.scripted(Produce)
    let isFirst = true
    kafka.script(Produce, (request, call) => {
      const answer = usual(request, call)
      if (!isFirst) return answer
      isFirst = false
      kafka.world.breakConnections('client', `broker${call.broker}`)
      return answer
    })
    await produce()
    expect(batches().map(batch => baseSequence(batch))).toEqual([0, 1, 1])
  })

  it('takes a new identity when the broker has forgotten the old one', async () => {
    await connected(given => given.topic(topic))
    await produce()
    kafka.script(InitProducerId, () => ({ throttleTimeMs: 0, errorCode: 0, producerId: 8, producerEpoch: 0 }))
    const usual = kafka.scripted(Produce)
    kafka.script(Produce, (request, call) => {
      const [batch] = request.topicData.flatMap(each => each.partitionData.map(one => one.records!))
      if (producerId(batch!) === 8) return usual(request, call)
      return {
        responses: [{ name: topic, partitionResponses: [{ index: 0, errorCode: errorCode('UNKNOWN_PRODUCER_ID'), baseOffset: -1 }] }],
      }
    })
    expect(await produce()).toMatchObject({ offset: 1 })
    expect(batches().map(batch => [producerId(batch), baseSequence(batch)])).toEqual([
      [7, 0],
      [7, 1],
      [8, 0],
    ])
  })

  it('says that the record may be there when its fate stays unknown, and starts anew', async () => {
    await connected(given => given.topic(topic))
    const usual = kafka.scripted(Produce)
    kafka.script(Produce, (_, { broker }) => {
      kafka.world.breakConnections('client', `broker${broker}`)
      return { responses: [] }
    })
    await expect(produce()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    kafka.script(Produce, usual)
    await produce()
    expect(kafka.countOf(InitProducerId)).toBe(2)
  })

  it('passes on a refusal with its name and the words of the broker', async () => {
    await connected(given => given.topic(topic))
    kafka.script(Produce, () => ({
      responses: [
        {
          name: topic,
          partitionResponses: [{ index: 0, errorCode: errorCode('MESSAGE_TOO_LARGE'), errorMessage: 'Too long.', baseOffset: -1 }],
        },
      ],
    }))
    await expect(produce()).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE', message: 'Too long.' })
  })

  it('refuses a partition that is not there', async () => {
    await connected(given => given.topic(topic))
    await expect(produce({ partition: 3 })).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })
})
