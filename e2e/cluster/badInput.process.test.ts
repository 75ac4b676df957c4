import { randomInt } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import { errorName } from '../../src-main/protocol/errors.ts'
import { encodeRequest } from '../../src-main/protocol/header.ts'
import { ApiVersions, Fetch, Metadata, Produce } from '../../src-main/protocol/messages/index.ts'
import { setCrc } from '../../src-main/protocol/records/batch.ts'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { seededRandom } from '../../src-main/simulation/seededRandom.ts'
import { KafkaConnection } from '../../src-main/wire/client.ts'
import { eventually, startCluster, untilInSync, type RunningCluster } from './builtCluster.ts'
import { kafkaOf, withAdmin } from './clients/kafkajs.ts'
import { framed, headerOf, int32, Stranger } from './stranger.ts'

const seed = Number(process.env.SEED ?? randomInt(1, 2 ** 31))
const MAX_REQUEST_BYTES = 100 * 1024 * 1024
/** Far above what a broker needs for anything here, far below what believing a stranger's length would take. */
const TOLERATED_GROWTH_BYTES = 300 * 1024 * 1024
const TOPIC = 'undisturbed'
const VICTIM = 1

let cluster: RunningCluster
let bystander: Bystander
beforeAll(async () => {
  cluster = await startCluster()
  const kafka = kafkaOf(cluster.bootstrapServers, 'bystander', { retries: 0 })
  await withAdmin(kafka, admin => admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 3, replicationFactor: 3 }] }))
  await untilInSync(cluster)
  bystander = new Bystander(cluster)
  await bystander.start()
})
afterAll(async () => {
  await bystander.stop()
  await cluster.stop()
})

let pids: readonly (number | null)[]
let before: { sent: number; memory: number }
beforeEach(async () => {
  pids = cluster.brokerIds.map(id => cluster.pidOf(id))
  before = { sent: bystander.sent, memory: await memoryOf(VICTIM) }
})
afterEach(async () => {
  await eventually('another client goes on', () => bystander.sent > before.sent + 3)
  expect(bystander.failures).toEqual([])
  expect(cluster.brokerIds.map(id => cluster.pidOf(id))).toEqual(pids)
  expect((await memoryOf(VICTIM)) - before.memory).toBeLessThan(TOLERATED_GROWTH_BYTES)
})

/** A producer of another program, to every partition, so to every broker; it forgives nothing. */
class Bystander {
  sent = 0
  readonly failures: unknown[] = []
  readonly #producer
  #isStopping = false
  #done: Promise<void> | undefined

  constructor(to: RunningCluster) {
    this.#producer = kafkaOf(to.bootstrapServers, 'bystander', { retries: 0 }).producer()
  }

  async start() {
    await this.#producer.connect()
    this.#done = this.#run()
  }

  async stop() {
    this.#isStopping = true
    await this.#done
    await this.#producer.disconnect()
  }

  async #run() {
    while (!this.#isStopping) {
      try {
        await this.#producer.send({
          topic: TOPIC,
          acks: -1,
          messages: [0, 1, 2].map(partition => ({ partition, value: `n ${this.sent}` })),
        })
        this.sent += 1
      } catch (error) {
        this.failures.push(error)
      }
    }
  }
}

async function memoryOf(brokerId: number): Promise<number> {
  const status = await readFile(`/proc/${cluster.pidOf(brokerId)}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

const openFiles = async (brokerId: number) => (await readdir(`/proc/${cluster.pidOf(brokerId)}/fd`)).length

/** What the broker's log says of a stranger. */
async function linesAbout(stranger: Stranger): Promise<string[]> {
  const log = await readFile(join(cluster.directory, 'logs', `broker-${VICTIM}.log`), 'utf8')
  return log.split('\n').filter(line => line.endsWith(`:${stranger.port}`))
}

/** The port for clients, and the port for the other brokers, which listens to strangers just as well. */
const ports = { clients: () => cluster.portOf(VICTIM), brokers: () => cluster.portOf(VICTIM) + cluster.brokerIds.length }
type Door = keyof typeof ports

async function refusedWithOneLine(door: Door, ...chunks: readonly Buffer[]) {
  const stranger = await Stranger.arrive(ports[door]())
  // Systems give a port again that somebody had before.
  const earlier = (await linesAbout(stranger)).length
  stranger.send(...chunks)
  await stranger.losesItsConnection()
  const lines = await eventually('the log says so', async () => {
    const found = (await linesAbout(stranger)).slice(earlier)
    return found.length > 0 ? found : undefined
  })
  expect(lines).toHaveLength(1)
  return { line: lines[0] ?? '', received: stranger.received }
}

describe.each(['clients', 'brokers'] as const)(`a broker that strangers talk to on its port for %s (seed ${seed})`, door => {
  it('hangs up on random bytes, and says so in one line', async () => {
    const random = seededRandom(seed)
    for (let n = 0; n < 100; n++) {
      const noise = random.bytes(1 + random.below(4_000))
      // Half of them look like a request from afar.
      await refusedWithOneLine(
        door,
        n % 2 === 0 ? framed(noise) : Buffer.concat([Buffer.from([0x80 | random.below(128)]), Buffer.alloc(3), noise]),
      )
    }
  })

  it.each([
    { given: '2 GiB', bytes: int32(0x7fff_ffff) },
    { given: 'less than nothing', bytes: int32(-1) },
    { given: 'nothing', bytes: int32(0) },
    { given: 'one byte more than socket.request.max.bytes', bytes: int32(MAX_REQUEST_BYTES + 1) },
    { given: '1.2 GB, in HTTP', bytes: Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n') },
    { given: '370 MB, in TLS', bytes: Buffer.from('160301020001000001fc0303', 'hex') },
  ])('takes no memory for a length of $given, and hangs up', async ({ bytes }) => {
    const { line } = await refusedWithOneLine(door, bytes)
    expect(line).toContain('is announced')
  })

  it.each([
    { given: 'an API that does not exist', request: headerOf(9_999, 0), reason: 'API 9999' },
    { given: 'a negative API', request: headerOf(-1, 0), reason: 'API -1' },
    { given: 'a version that is not served', request: headerOf(Fetch.key, 99), reason: 'version 99' },
  ])('hangs up on $given', async ({ request, reason }) => {
    const { line, received } = await refusedWithOneLine(door, framed(request))
    expect(line).toContain(reason)
    expect(received).toHaveLength(0)
  })

  it('hangs up on requests that end too soon, wherever they end', async () => {
    const whole = Buffer.concat(encodeRequest(ApiVersions, 3, 1, 'client', { clientSoftwareName: 'some', clientSoftwareVersion: '1' }))
    for (let length = 1; length < whole.length - 4; length++) await refusedWithOneLine(door, framed(whole.subarray(4, 4 + length)))
  })

  it('waits for the rest of a request only as long as its sender is there', async () => {
    const whole = Buffer.concat(encodeRequest(ApiVersions, 3, 1, 'client', { clientSoftwareName: 'some', clientSoftwareVersion: '1' }))
    for (let length = 1; length < whole.length; length++) {
      const stranger = await Stranger.arrive(ports[door]())
      stranger.send(whole.subarray(0, length)).end()
      await stranger.losesItsConnection()
      expect(stranger.received).toHaveLength(0)
    }
  })

  it('takes no memory for large requests of which only the beginning came', async () => {
    const beginners = await Promise.all(Array.from({ length: 200 }, () => Stranger.arrive(ports[door]())))
    for (const beginner of beginners) beginner.send(int32(MAX_REQUEST_BYTES), headerOf(Produce.key, 9))
    await eventually('another client goes on', () => bystander.sent > before.sent + 10)
    expect(beginners.filter(each => each.hasLostItsConnection)).toEqual([])
    expect((await memoryOf(VICTIM)) - before.memory).toBeLessThan(TOLERATED_GROWTH_BYTES)
    for (const beginner of beginners) beginner.leave()
  })

  it('serves others while a thousand connections say nothing, or half a word', async () => {
    const strangers: Stranger[] = []
    for (let n = 0; n < 20; n++) strangers.push(...(await Promise.all(Array.from({ length: 50 }, () => Stranger.arrive(ports[door]())))))
    for (const [n, stranger] of strangers.entries()) if (n % 2 === 0) stranger.send(Buffer.from([0, 0]))
    await eventually('all of them are connected', async () => (await openFiles(VICTIM)) >= 1_000)
    const sent = bystander.sent
    await eventually('another client goes on', () => bystander.sent > sent + 20)
    expect((await memoryOf(VICTIM)) - before.memory).toBeLessThan(TOLERATED_GROWTH_BYTES)
    for (const stranger of strangers) stranger.leave()
    await eventually('none of them is left', async () => (await openFiles(VICTIM)) < 200)
  })

  it('reads no more from a client that does not read its answers', async () => {
    const stranger = (await Stranger.arrive(ports[door]())).stopReading()
    const ask = Buffer.concat(encodeRequest(ApiVersions, 0, 1, 'deaf', {}))
    const manyAsks = Buffer.concat(Array.from({ length: 10_000 }, () => ask))
    for (let n = 0; n < 200; n++) stranger.send(manyAsks)
    const sent = bystander.sent
    await eventually('another client goes on', () => bystander.sent > sent + 20)
    expect(stranger.unsentBytes, 'what the broker does not take stays with its sender').toBeGreaterThan(0)
    expect((await memoryOf(VICTIM)) - before.memory).toBeLessThan(TOLERATED_GROWTH_BYTES)
    stranger.leave()
  })
})

describe('a broker that is asked what it cannot do', () => {
  it('tells in version 0 which versions of ApiVersions it speaks, and goes on (KIP-511)', async () => {
    const stranger = await Stranger.arrive(ports.clients())
    const earlier = await linesAbout(stranger)
    stranger.send(framed(headerOf(ApiVersions.key, 99), Buffer.from([0])))
    const answer = await stranger.hears(20)
    expect(answer.readInt32BE(4), 'correlation id').toBe(77)
    expect(errorName(answer.readInt16BE(8))).toBe('UNSUPPORTED_VERSION')
    stranger.send(framed(headerOf(ApiVersions.key, 0)))
    expect((await stranger.hears(answer.length + 20)).length).toBeGreaterThan(answer.length)
    expect(await linesAbout(stranger)).toEqual(earlier)
    stranger.leave()
  })

  it('hangs up when a request counts more topics than it has bytes', async () => {
    const { line } = await refusedWithOneLine('clients', framed(headerOf(Metadata.key, 1), int32(0x7fff_fff0)))
    expect(line).toContain('malformed Metadata')
  })
})

describe('a leader that is sent a bad batch', () => {
  const record = (value: string) => ({ key: null, value: Buffer.from(value), timestamp: Date.now() })
  const aBatch = (change: (batch: Buffer) => void = () => undefined) => {
    const batch = buildBatch({ records: [record('one'), record('two')] })
    change(batch)
    return batch
  }
  const withCrc = (change: (batch: Buffer) => void) => aBatch(batch => (change(batch), setCrc(batch)))

  it.each([
    {
      given: 'a wrong checksum',
      records: () => aBatch(batch => void batch.writeUInt8(batch.readUInt8(70) ^ 1, 70)),
      error: 'CORRUPT_MESSAGE',
    },
    { given: 'a length beyond its end', records: () => aBatch(batch => void batch.writeInt32BE(100_000, 8)), error: 'CORRUPT_MESSAGE' },
    { given: 'a length of 2 GiB', records: () => aBatch(batch => void batch.writeInt32BE(0x7fff_ffff, 8)), error: 'CORRUPT_MESSAGE' },
    { given: 'a negative length', records: () => aBatch(batch => void batch.writeInt32BE(-1, 8)), error: 'CORRUPT_MESSAGE' },
    {
      given: 'more records in its header than it holds',
      records: () => withCrc(batch => (batch.writeInt32BE(3, 57), batch.writeInt32BE(2, 23))),
      error: 'INVALID_RECORD',
    },
    {
      given: 'two billion records in its header',
      records: () => withCrc(batch => (batch.writeInt32BE(0x7fff_ffff, 57), batch.writeInt32BE(0x7fff_fffe, 23))),
      error: 'INVALID_RECORD',
    },
    {
      given: 'fewer records in its header than it holds',
      records: () => withCrc(batch => (batch.writeInt32BE(1, 57), batch.writeInt32BE(0, 23))),
      error: 'INVALID_RECORD',
    },
    {
      given: 'no records',
      records: () => withCrc(batch => (batch.writeInt32BE(0, 57), batch.writeInt32BE(-1, 23))),
      error: 'INVALID_RECORD',
    },
    { given: 'the magic of an old format', records: () => aBatch(batch => void batch.writeInt8(1, 16)), error: 'INVALID_RECORD' },
    { given: 'a codec that does not exist', records: () => withCrc(batch => void batch.writeInt16BE(6, 21)), error: 'INVALID_RECORD' },
    {
      given: 'plain records that are said to be zstd',
      records: () => withCrc(batch => void batch.writeInt16BE(4, 21)),
      error: 'INVALID_RECORD',
    },
    { given: 'a control record', records: () => withCrc(batch => void batch.writeInt16BE(0x20, 21)), error: 'INVALID_RECORD' },
    { given: 'a mebibyte and more', records: () => buildBatch({ records: [record('x'.repeat(1_048_600))] }), error: 'MESSAGE_TOO_LARGE' },
    { given: 'nothing at all', records: () => Buffer.alloc(0), error: 'INVALID_RECORD' },
  ])('refuses $given with $error, stores nothing, and keeps the connection', async ({ records, error }) => {
    const topic = 'strict'
    await createOnce(topic)
    const leader = cluster.snapshot().partitions.find(each => each.topic === topic)?.leader ?? 0
    const connection = await KafkaConnection.open(
      nodeEnv(),
      { host: '127.0.0.1', port: cluster.portOf(leader) },
      { clientId: 'bad-batches', connectTimeoutMs: 5_000, requestTimeoutMs: 10_000, negotiate: true },
    )
    const produce = async (batch: Buffer) => {
      const answer = await connection.send(Produce, {
        transactionalId: null,
        acks: -1,
        timeoutMs: 5_000,
        topicData: [{ name: topic, partitionData: [{ index: 0, records: batch }] }],
      })
      const [told] = answer.responses[0]?.partitionResponses ?? []
      return { error: errorName(told?.errorCode ?? -1), baseOffset: told?.baseOffset }
    }
    const first = await produce(aBatch())
    expect(first.error).toBe('NONE')
    expect((await produce(records())).error).toBe(error)
    expect(await produce(aBatch())).toEqual({ error: 'NONE', baseOffset: (first.baseOffset ?? 0) + 2 })
    connection.close()
  })

  async function createOnce(topic: string) {
    if (cluster.snapshot().partitions.some(each => each.topic === topic)) return
    await withAdmin(kafkaOf(cluster.bootstrapServers, 'setup'), admin =>
      admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 3 }] }),
    )
    await untilInSync(cluster)
  }
})
