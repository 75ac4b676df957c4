import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type FileHandle, mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import { errorName } from '../../src-main/protocol/errors.ts'
import { Produce } from '../../src-main/protocol/messages/index.ts'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { KafkaConnection } from '../../src-main/wire/client.ts'
import { eventually, startCluster, untilInSync, type RunningCluster } from './builtCluster.ts'
import { kafkaOf, withAdmin } from './clients/kafkajs.ts'
import { logBytes, recordsIn } from './logFiles.ts'

const TOPIC = 'filling'
const PARTITIONS = Array.from({ length: 12 }, (_, index) => index)
const BROKER = 2

const mount = (path: string) => spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', path]).status === 0
const unmount = (path: string) => spawnSync('umount', [path])

/** Whether this process may make a small disk to fill. */
async function mayMount(): Promise<boolean> {
  if (process.platform !== 'linux') return false
  const path = await mkdtemp(join(tmpdir(), 'trilog-mount-'))
  const isMounted = mount(path)
  if (isMounted) unmount(path)
  await rm(path, { recursive: true })
  return isMounted
}

describe.skipIf(!(await mayMount()))('a broker one of whose disks is full', () => {
  let cluster: RunningCluster
  let directory: string
  let small: string
  let connection: KafkaConnection
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trilog-full-'))
    small = join(directory, `broker-${BROKER}-disk-2`)
    await mkdir(small)
    mount(small)
    cluster = await startCluster({ directory, logDirs: 2 })
    await withAdmin(kafkaOf(cluster.bootstrapServers, 'filler'), admin =>
      admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: PARTITIONS.length, replicationFactor: 3 }] }),
    )
    await untilInSync(cluster)
    connection = await KafkaConnection.open(
      nodeEnv(),
      { host: '127.0.0.1', port: cluster.portOf(BROKER) },
      { clientId: 'filler', connectTimeoutMs: 5_000, requestTimeoutMs: 30_000, negotiate: true },
    )
  })
  afterAll(async () => {
    try {
      connection.close()
      await cluster.stop()
    } finally {
      unmount(small)
      await rm(directory, { recursive: true, force: true })
    }
  })

  const leaderOf = (partition: number) =>
    cluster.snapshot().partitions.find(each => each.topic === TOPIC && each.partition === partition)?.leader
  const isSmall = (partition: number) => existsSync(join(small, `${TOPIC}-${partition}`))

  async function produce(partition: number, value: string): Promise<string> {
    const records = buildBatch({ records: [{ key: null, value: Buffer.from(value), timestamp: Date.now() }] })
    const topicData = [{ name: TOPIC, partitionData: [{ index: partition, records }] }]
    const { responses } = await connection.send(Produce, { transactionalId: null, acks: -1, timeoutMs: 10_000, topicData })
    return errorName(responses[0]?.partitionResponses[0]?.errorCode ?? -1)
  }

  /** Takes all the room there is; what it returns gives it back. */
  async function fill(): Promise<() => Promise<void>> {
    const path = join(small, 'filler')
    const file = await open(path, 'w')
    for (const size of [65_536, 4_096]) while (await fits(file, size));
    await file.close()
    return () => rm(path)
  }
  const fits = (file: FileHandle, size: number) =>
    file.write(Buffer.alloc(size)).then(
      () => true,
      () => false,
    )

  it('refuses what it has no room for, serves the rest, and goes on by itself when there is room', async () => {
    const pid = cluster.pidOf(BROKER)
    const led = PARTITIONS.filter(partition => leaderOf(partition) === BROKER)
    const [full, roomy] = [led.find(isSmall)!, led.find(partition => !isSmall(partition))!]
    const acknowledged: string[] = []
    const store = async (value: string) => {
      const error = await produce(full, value)
      if (error === 'NONE') acknowledged.push(value)
      return error
    }
    expect(await store('before')).toBe('NONE')
    const makeRoom = await fill()
    const big = 'x'.repeat(10_000)
    let refused = 0
    for (let index = 0; index < 20; index++) if ((await store(`${index} ${big}`)) === 'KAFKA_STORAGE_ERROR') refused += 1
    expect(refused).toBeGreaterThan(0)
    expect(await produce(roomy, 'has room')).toBe('NONE')

    await makeRoom()
    await eventually('it goes on', async () => (await store('after')) === 'NONE')
    await untilInSync(cluster)
    expect(cluster.pidOf(BROKER)).toBe(pid)
    const stored = recordsIn(await logBytes(small, TOPIC, full)).map(each => each.value)
    expect(stored.filter(value => acknowledged.includes(value!))).toEqual(acknowledged)
  })
})
