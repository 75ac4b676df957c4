import { describe, expect, it } from 'vitest'
import { errorCode, type ErrorName } from '../../protocol/errors.ts'
import { Fetch } from '../../protocol/messages/fetch.ts'
import { InitProducerId } from '../../protocol/messages/initProducerId.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { baseSequence, producerId, recordCount } from '../../protocol/records/batch.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { ProducerState } from '../../storage/producerState.ts'
import { KafkaConnection } from '../../wire/client.ts'
import { ScriptedKafka } from '../kafka/scriptedKafka.ts'
import { Checks } from './checks.ts'
import { consume } from './consumer.ts'
import { History } from './history.ts'
import { IdempotentProducer } from './producers.ts'
import type { ClientWorld } from './simulatedClient.ts'

const TOPIC = 'orders'
const PARTITIONS = 5

describe('simulated clients', () => {
  it('never go so far ahead of a batch whose fate they do not know that a leader takes it for out of order', async () => {
    const kafka = await someKafka()
    let ids = 0
    kafka.script(InitProducerId, () => ({ throttleTimeMs: 0, errorCode: 0, producerId: ids++, producerEpoch: 0 }))
    const leader = new ForgetfulLeader()
    kafka.script(Produce, ({ topicData: [{ partitionData }] = [{ partitionData: [] }] }) => {
      const partitionResponses = partitionData.map(({ index, records }) => ({ index, ...leader.take(records!) }))
      return { responses: [{ name: TOPIC, partitionResponses }] }
    })
    const clients = clientsOf(kafka, { pace: 1 })
    const producers = Array.from(
      { length: PARTITIONS },
      (_, partition) => new IdempotentProducer(clients, { name: `producer of ${partition}`, topic: TOPIC, partition }),
    )
    for (const each of producers) void each.run()
    await kafka.world.run(() => producers.every(({ acknowledged }) => acknowledged > 200))
    // Some have more than one in flight.
    expect(leader.mostBehindUndecided).toBe(4)
  })

  it('read on without going back, and without long rests, once all shall become well', async () => {
    const kafka = await someKafka()
    const records = [{ timestamp: 1, key: null, value: Buffer.alloc(10) }]
    for (let offset = 0; offset < 400; offset++) kafka.append(TOPIC, 0, buildBatch({ records }))
    const read = kafka.scripted(Fetch)
    const positions: number[] = []
    // As brokers do that have all of it in small segments.
    kafka.script(Fetch, (request, call) => {
      const [partition] = request.topics[0]!.partitions
      positions.push(partition!.fetchOffset)
      return read({ ...request, topics: [{ ...request.topics[0]!, partitions: [{ ...partition!, partitionMaxBytes: 1 }] }] }, call)
    })
    const clients = clientsOf(kafka, { pace: 16 })
    void consume(clients, { name: 'consumer', topic: TOPIC, partition: 0 })
    const history = clients.history.of(TOPIC, kafka.topics.get(TOPIC)!.topicId, 0)
    await kafka.world.run(() => positions.some((each, index) => index > 0 && each < positions[index - 1]!), 600_000)
    clients.isHealing = true
    const before = positions.length
    expect(history.readEnd).toBeLessThan(200)
    await kafka.world.run(() => history.readEnd === 400, 30_000)
    const since = positions.slice(before)
    expect(since).toEqual(since.toSorted((one, other) => one - other))
  })
})

/** Loses every seventh answer, and those to all tries of the same batch for a while. Whether a batch is in order is judged as every leader does. */
class ForgetfulLeader {
  readonly #states = new ProducerState()
  readonly #silent = new Map<number, { sequence: number; tries: number; behind: number }>()
  #taken = 0
  #end = 0
  mostBehindUndecided = 0

  take(records: Buffer): { errorCode: number; baseOffset: number } {
    const id = producerId(records)
    const sequence = baseSequence(records)
    const batch = {
      producerId: id,
      producerEpoch: 0,
      baseSequence: sequence,
      baseOffset: this.#end,
      lastOffset: this.#end + recordCount(records) - 1,
      maxTimestamp: 0,
      isTransactional: false,
    }
    const verdict = this.#states.judge(batch, 'client')
    if (verdict.type === 'refuse') return answer(verdict.error)
    const silent = this.#silent.get(id)
    if (verdict.type === 'accept') {
      this.#states.add(batch)
      this.#end = batch.lastOffset + 1
      if (silent !== undefined) this.mostBehindUndecided = Math.max(this.mostBehindUndecided, ++silent.behind)
      else if (++this.#taken % 7 === 0) this.#silent.set(id, { sequence, tries: 10, behind: 0 })
    }
    const now = this.#silent.get(id)
    if (now?.sequence === sequence && now.tries-- > 0) return answer('REQUEST_TIMED_OUT')
    if (now?.sequence === sequence) this.#silent.delete(id)
    return answer('NONE', verdict.type === 'duplicate' ? verdict.baseOffset : batch.baseOffset)
  }
}

function answer(error: ErrorName, baseOffset = -1): { errorCode: number; baseOffset: number } {
  return { errorCode: errorCode(error), baseOffset }
}

/** One broker that leads everything. */
async function someKafka(): Promise<ScriptedKafka> {
  const kafka = new ScriptedKafka({ brokers: 1 })
  kafka.topic(TOPIC, { partitions: PARTITIONS })
  await kafka.world.settle(kafka.start())
  return kafka
}

function clientsOf(kafka: ScriptedKafka, { pace }: { pace: number }): ClientWorld {
  const { world } = kafka
  let problem: Error | undefined
  world.always(() => {
    if (problem !== undefined) throw problem
  })
  return {
    cluster: {
      world,
      brokers: [{ id: 1, name: 'broker1', state: 'up', server: undefined, failure: undefined, wipes: 0 }],
      connect: (id, client = 'client') =>
        KafkaConnection.open(world.env(client), kafka.addressOf(id), {
          clientId: client,
          connectTimeoutMs: 1000,
          requestTimeoutMs: 30_000,
          negotiate: true,
        }),
    },
    history: new History(),
    checks: new Checks(),
    pace,
    isHealing: false,
    isDraining: false,
    isOver: false,
    broken: promise => (problem ??= promise),
    note: () => {},
  }
}
