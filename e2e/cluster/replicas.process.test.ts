import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import { errorName, type ErrorName } from '../../src-main/protocol/errors.ts'
import { Produce } from '../../src-main/protocol/messages/index.ts'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { KafkaConnection } from '../../src-main/wire/client.ts'
import { eventually, startCluster, untilInSync, type RunningCluster } from './builtCluster.ts'
import { kafkaOf, withAdmin } from './clients/kafkajs.ts'
import { logBytes, recordsIn } from './logFiles.ts'

const TOPIC = 'replicated'

let cluster: RunningCluster
const connections: KafkaConnection[] = []
beforeEach(async () => {
  cluster = await startCluster()
})
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close()
  await cluster.stop()
})

/** One partition, three replicas, two of which have to have what is acknowledged (the dev profile's min.insync.replicas). */
async function aTopic(name = TOPIC) {
  await withAdmin(kafkaOf(cluster.bootstrapServers, 'replicas'), admin =>
    admin.createTopics({ topics: [{ topic: name, numPartitions: 1, replicationFactor: 3 }] }),
  )
  await untilInSync(cluster)
}

const partition = () => cluster.snapshot().partitions.find(each => each.topic === TOPIC)
const leader = () => eventually('there is a leader', () => partition()?.leader ?? undefined)

/** A connection that neither retries nor looks for another leader, so that what one broker says is what is seen. */
async function connectionTo(brokerId: number): Promise<KafkaConnection> {
  const connection = await KafkaConnection.open(
    nodeEnv(),
    { host: '127.0.0.1', port: cluster.portOf(brokerId) },
    { clientId: 'replicas', connectTimeoutMs: 5_000, requestTimeoutMs: 60_000, negotiate: true },
  )
  connections.push(connection)
  return connection
}

interface Acknowledged {
  readonly error: ErrorName
  readonly offset: number
}

async function produceTo(connection: KafkaConnection, value: string, options: { acks: -1 | 1; timeoutMs?: number }): Promise<Acknowledged> {
  const { acks, timeoutMs = 10_000 } = options
  const records = buildBatch({ records: [{ key: null, value: Buffer.from(value), timestamp: Date.now() }] })
  const answer = await connection.send(Produce, {
    transactionalId: null,
    acks,
    timeoutMs,
    topicData: [{ name: TOPIC, partitionData: [{ index: 0, records }] }],
  })
  const [told] = answer.responses[0]?.partitionResponses ?? []
  return { error: errorName(told?.errorCode ?? -1), offset: told?.baseOffset ?? -1 }
}

/** Produces to whoever leads until it is acknowledged by all in-sync replicas; gives the offset. */
async function stored(value: string): Promise<number> {
  return eventually(`${value} is acknowledged`, async () => {
    try {
      const { error, offset } = await produceTo(await connectionTo(await leader()), value, { acks: -1 })
      return error === 'NONE' ? offset : undefined
    } catch {
      return undefined // the connection broke: it is asked again
    }
  })
}

/** The values in each replica's log, once all brokers are dead, as they lie on the disk then; the bytes have to be the same. */
async function logsAfterTheEnd(): Promise<(string | null)[]> {
  await untilInSync(cluster)
  const directories = cluster.snapshot().brokers.map(broker => broker.directory)
  await Promise.all(cluster.brokerIds.map(brokerId => cluster.kill(brokerId)))
  const [first = Buffer.alloc(0), ...others] = await Promise.all(directories.map(directory => logBytes(directory, TOPIC, 0)))
  for (const other of others) expect(other.equals(first), 'all replicas hold the same bytes').toBe(true)
  return recordsIn(first).map(record => record.value)
}

describe('min.insync.replicas', () => {
  it('refuses acks=all when two brokers have been stopped, and lets acks=1 pass', async () => {
    await aTopic()
    await stored('before')
    const last = await leader()
    for (const brokerId of cluster.brokerIds) if (brokerId !== last) await cluster.stopBroker(brokerId)
    const connection = await connectionTo(last)
    expect((await produceTo(connection, 'refused', { acks: -1 })).error).toBe('NOT_ENOUGH_REPLICAS')
    expect(await produceTo(connection, 'taken', { acks: 1 })).toEqual({ error: 'NONE', offset: 1 })
    expect((await produceTo(connection, 'refused again', { acks: -1 })).error).toBe('NOT_ENOUGH_REPLICAS')

    for (const brokerId of cluster.brokerIds) await cluster.start(brokerId)
    await untilInSync(cluster)
    expect(await stored('after')).toBe(2)
    expect(await logsAfterTheEnd()).toEqual(['before', 'taken', 'after'])
  })

  it('acknowledges nothing to acks=all when two brokers have been killed, and lets acks=1 pass', async () => {
    await aTopic()
    await stored('before')
    const last = await leader()
    const connection = await connectionTo(last)
    await Promise.all(cluster.brokerIds.filter(brokerId => brokerId !== last).map(brokerId => cluster.kill(brokerId)))
    // Nobody is left who could take the dead out of the in-sync replicas: the leader has to wait for them, and to give up.
    const unacknowledged = await produceTo(connection, 'not acknowledged', { acks: -1, timeoutMs: 1_500 })
    expect(['REQUEST_TIMED_OUT', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'NOT_ENOUGH_REPLICAS']).toContain(unacknowledged.error)
    expect((await produceTo(connection, 'taken', { acks: 1 })).error).toBe('NONE')

    for (const brokerId of cluster.brokerIds) await cluster.start(brokerId)
    await untilInSync(cluster)
    await stored('after')
    const values = await logsAfterTheEnd()
    expect([values[0], values.at(-1)]).toEqual(['before', 'after'])
  })
})

describe('a leader that is frozen', () => {
  it('is replaced, and acknowledges nothing afterwards that the others do not have', async () => {
    await aTopic()
    const acknowledged = new Map<number, string>()
    const remember = async (value: string) => acknowledged.set(await stored(value), value)
    for (let n = 0; n < 20; n++) await remember(`before ${n}`)

    const frozen = await leader()
    const connection = await connectionTo(frozen)
    await cluster.pause(frozen)
    // They lie in its socket until it wakes up, and believes for a moment that it still leads.
    const late = Array.from({ length: 5 }, (_, n) =>
      produceTo(connection, `to the frozen ${n}`, { acks: -1, timeoutMs: 3_000 }).catch((error: unknown) => error as Error),
    )
    await eventually('another leads', () => {
      const now = partition()?.leader
      return now !== null && now !== undefined && now !== frozen
    })
    for (let n = 0; n < 20; n++) await remember(`meanwhile ${n}`)

    await cluster.resume(frozen)
    for (const [n, outcome] of (await Promise.all(late)).entries()) {
      // Where it was told that all have it, all have to have it, at that offset.
      if (!(outcome instanceof Error) && outcome.error === 'NONE') acknowledged.set(outcome.offset, `to the frozen ${n}`)
    }
    await untilInSync(cluster)
    for (let n = 0; n < 20; n++) await remember(`after ${n}`)
    const values = await logsAfterTheEnd()
    for (const [offset, value] of acknowledged) expect(values[offset], `what was acknowledged at ${offset}`).toBe(value)
    expect(acknowledged.size).toBeGreaterThanOrEqual(60)
  })

  it('cuts off what it alone has taken, with acks=1', async () => {
    await aTopic()
    for (let n = 0; n < 5; n++) await stored(`before ${n}`)
    const first = await leader()
    const [follower, other] = cluster.brokerIds.filter(brokerId => brokerId !== first)
    // With both followers asleep, what the leader takes is on its disk alone, but for what answers the fetches that wait there.
    await Promise.all([cluster.pause(follower ?? 0), cluster.pause(other ?? 0)])
    const connection = await connectionTo(first)
    for (let n = 0; n < 10; n++) expect((await produceTo(connection, `only here ${n}`, { acks: 1 })).error).toBe('NONE')
    await cluster.pause(first)
    await Promise.all([cluster.resume(follower ?? 0), cluster.resume(other ?? 0)])
    await eventually('another leads', () => {
      const now = partition()?.leader
      return now !== null && now !== undefined && now !== first
    })
    const end = await stored('instead')
    expect(end).toBeLessThan(15)
    await cluster.resume(first)
    const all = [0, 1, 2, 3, 4].map(n => `before ${n}`).concat(Array.from({ length: 10 }, (_, n) => `only here ${n}`))
    expect(await logsAfterTheEnd()).toEqual([...all.slice(0, end), 'instead'])
  })
})

describe('a broker whose disk is destroyed', () => {
  it('catches up to the same bytes while producers go on', { timeout: 120_000 }, async () => {
    await aTopic()
    const producer = kafkaOf(cluster.bootstrapServers, 'replicas').producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    let sent = 0
    let isStopping = false
    const sending = (async () => {
      for (; !isStopping; sent++) {
        await producer.send({ topic: TOPIC, acks: -1, messages: [{ partition: 0, value: `${sent} ${'x'.repeat(2_000)}` }] })
      }
    })()
    const first = await leader()
    const follower = cluster.brokerIds.find(brokerId => brokerId !== first) ?? 0
    for (const victim of [follower, first]) {
      const before = sent
      await eventually('there is something to copy', () => sent > before + 200)
      await cluster.wipe(victim)
      await untilInSync(cluster)
      const after = sent
      await eventually('production goes on', () => sent > after)
    }
    isStopping = true
    await sending
    await producer.disconnect()
    const values = await logsAfterTheEnd()
    expect(values.map(value => Number(value?.split(' ')[0]))).toEqual(Array.from({ length: sent }, (_, n) => n))
  })
})
