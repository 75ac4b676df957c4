import { afterEach, describe, expect, it } from 'vitest'
import type { MessageRow } from '../contract/messages.ts'
import { errorCode } from '../protocol/errors.ts'
import { Fetch } from '../protocol/messages/fetch.ts'
import { buildBatch } from '../protocol/records/batchBuilder.ts'
import { ScriptedKafka } from '../simulation/kafka/scriptedKafka.ts'
import { type AdminServices, adminServices } from './adminServices.ts'

const clusterId = 'scripted'
const topic = 'orders'

let kafka: ScriptedKafka
let admin: AdminServices
let leaving: AbortController
afterEach(async () => {
  await admin.close()
  kafka.world.close()
})

interface Tail {
  readonly rows: MessageRow[]
  readonly sizes: number[]
  readonly ended: Promise<unknown>
}

/** Follows the topic, taking rows as they come unless `take` has something else in mind. */
async function tailing(
  given: (kafka: ScriptedKafka) => void,
  { partitions = null, take = async () => {} }: { partitions?: number[] | null; take?: () => Promise<void> } = {},
): Promise<Tail> {
  kafka = new ScriptedKafka()
  given(kafka)
  slowlyAnswered(kafka)
  await kafka.world.settle(kafka.start())
  admin = adminServices(kafka.world.env('client'), { bootstrapOf: () => [1, 2, 3].map(broker => kafka.addressOf(broker)) })
  leaving = new AbortController()
  const rows: MessageRow[] = []
  const sizes: number[] = []
  const ended = (async () => {
    for await (const each of admin.messages.tail({ clusterId, topic, partitions }, leaving.signal)) {
      rows.push(...each)
      sizes.push(each.length)
      await take()
    }
  })().then(
    () => 'left',
    (problem: unknown) => problem,
  )
  await kafka.world.run(200)
  return { rows, sizes, ended }
}

/** A scripted broker answers at once, a real one waits for something to come: without that, a tail would be a busy loop here. */
function slowlyAnswered(given: ScriptedKafka): void {
  const usual = given.scripted(Fetch)
  given.script(Fetch, async (request, call) => {
    await new Promise<void>(resolve => void given.world.env(`broker${call.broker}`).clock.after(20, resolve))
    return usual(request, call)
  })
}

const aBatch = (...texts: string[]) => buildBatch({ records: texts.map(text => ({ key: null, value: Buffer.from(text), timestamp: 1 })) })
const texts = ({ rows }: Tail) => rows.map(({ value }) => value?.text)

describe('a tail', () => {
  it('shows what is appended from now on, and nothing of before', async () => {
    const tail = await tailing(given => {
      given.topic(topic, { partitions: 3 })
      given.append(topic, 0, aBatch('before'))
    })
    kafka.append(topic, 0, aBatch('a', 'b'))
    kafka.append(topic, 2, aBatch('c'))
    await kafka.world.run(200)
    expect(texts(tail).sort()).toEqual(['a', 'b', 'c'])
  })

  it('shows only the partitions that were asked for', async () => {
    const tail = await tailing(given => given.topic(topic, { partitions: 3 }), { partitions: [1] })
    for (const partition of [0, 1, 2]) kafka.append(topic, partition, aBatch(`${partition}`))
    await kafka.world.run(200)
    expect(texts(tail)).toEqual(['1'])
  })

  it('goes on at the next offset when the leader moves', async () => {
    const tail = await tailing(given => given.topic(topic))
    kafka.append(topic, 0, aBatch('a'))
    await kafka.world.run(200)
    Object.assign(kafka.topics.get(topic)!.partitions[0]!, { leader: 2, leaderEpoch: 2 })
    kafka.append(topic, 0, aBatch('b'))
    await kafka.world.run(1_000)
    expect(texts(tail)).toEqual(['a', 'b'])
  })

  it('goes on when the leader is frozen and another takes over', async () => {
    const tail = await tailing(given => given.topic(topic))
    kafka.world.freeze('broker1')
    Object.assign(kafka.topics.get(topic)!.partitions[0]!, { leader: 3, leaderEpoch: 2 })
    kafka.append(topic, 0, aBatch('a'))
    await kafka.world.run(3_000)
    expect(texts(tail)).toEqual(['a'])
    kafka.world.thaw('broker1')
    await kafka.world.run(3_000)
    expect(texts(tail)).toEqual(['a'])
  })

  it('waits until brokers are back when there are none', async () => {
    const tail = await tailing(given => given.topic(topic))
    for (const broker of [1, 2, 3]) kafka.world.crash(`broker${broker}`)
    await kafka.world.run(30_000)
    kafka.append(topic, 0, aBatch('a'))
    await kafka.world.settle(kafka.start())
    await kafka.world.run(2_000)
    expect(texts(tail)).toEqual(['a'])
  })

  it('goes on where retention has left something, when its reader was too slow', async () => {
    const tail = await tailing(given => given.topic(topic))
    const partition = kafka.topics.get(topic)!.partitions[0]!
    partition.leader = -1
    for (const text of ['a', 'b', 'c']) kafka.append(topic, 0, aBatch(text))
    partition.log.splice(0, 2)
    Object.assign(partition, { start: 2, leader: 1 })
    await kafka.world.run(3_000)
    expect(texts(tail)).toEqual(['c'])
  })

  it('shows what takes the place of records that were lost', async () => {
    const tail = await tailing(given => {
      given.topic(topic)
      given.append(topic, 0, aBatch('0', '1', '2'))
    })
    Object.assign(kafka.topics.get(topic)!.partitions[0]!, { leader: 2, leaderEpoch: 2, log: [aBatch('0')] })
    await kafka.world.run(3_000)
    kafka.append(topic, 0, aBatch('another 1'))
    await kafka.world.run(1_000)
    expect(tail.rows.map(({ offset, value }) => [offset, value?.text])).toEqual([[1, 'another 1']])
  })

  it('shows all of a partition that is added', async () => {
    const tail = await tailing(given => given.topic(topic))
    kafka.topics.get(topic)!.partitions.push({ leader: 2, leaderEpoch: 1, replicas: [2], isr: [2], start: 0, log: [] })
    kafka.append(topic, 1, aBatch('a'))
    await kafka.world.run(3_000)
    expect(texts(tail)).toEqual(['a'])
  })

  it('shows all of a topic that was made anew under the same name', async () => {
    const tail = await tailing(given => {
      given.topic(topic)
      given.append(topic, 0, aBatch('old'))
    })
    kafka.topic(topic, { topicId: 'anotherAAAAAAAAAAAAAAA' })
    kafka.append(topic, 0, aBatch('new'))
    await kafka.world.run(3_000)
    expect(texts(tail)).toEqual(['new'])
  })

  it('ends with an error when the topic is deleted', async () => {
    const tail = await tailing(given => given.topic(topic))
    kafka.topics.delete(topic)
    expect(await kafka.world.settle(tail.ended)).toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  it('ends with an error when reading is not allowed', async () => {
    const tail = await tailing(given => {
      given.topic(topic)
      given.script(Fetch, ({ topics }) => ({
        throttleTimeMs: 0,
        responses: topics.map(({ topicId }) => ({
          topicId,
          partitions: [
            {
              partitionIndex: 0,
              errorCode: errorCode('TOPIC_AUTHORIZATION_FAILED'),
              highWatermark: -1,
              abortedTransactions: null,
              records: null,
            },
          ],
        })),
      }))
    })
    expect(await kafka.world.settle(tail.ended)).toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED' })
  })

  it('asks for nothing more while its reader is busy', async () => {
    let release = () => {}
    const tail = await tailing(given => given.topic(topic), {
      take: () =>
        new Promise<void>(resolve => {
          release = resolve
        }),
    })
    for (let count = 0; count < 500; count++) kafka.append(topic, 0, aBatch(`${count}`))
    await kafka.world.run(200)
    const asked = kafka.countOf(Fetch)
    await kafka.world.run(5_000)
    expect(kafka.countOf(Fetch) - asked).toBeLessThanOrEqual(1)
    expect(tail.rows).toHaveLength(200)
    for (let turn = 0; turn < 20; turn++) {
      release()
      await kafka.world.run(100)
    }
    expect(texts(tail)).toEqual(Array.from({ length: 500 }, (_, count) => `${count}`))
    expect(Math.max(...tail.sizes)).toBe(200)
    release()
  })

  it('leaves no connection behind', async () => {
    const tail = await tailing(given => given.topic(topic, { partitions: 3 }))
    expect(kafka.world.openConnections('client')).toBeGreaterThan(3)
    leaving.abort()
    expect(await kafka.world.settle(tail.ended)).toBe('left')
    await admin.close()
    await kafka.world.run(100)
    expect(kafka.world.openConnections('client')).toBe(0)
  })

  it('ends when all is closed', async () => {
    const tail = await tailing(given => given.topic(topic))
    await admin.close()
    expect(await kafka.world.settle(tail.ended, 1_000)).toBe('left')
  })
})
