import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import { errorName } from '../../src-main/protocol/errors.ts'
import { DescribeLogDirs } from '../../src-main/protocol/messages/index.ts'
import { KafkaConnection } from '../../src-main/wire/client.ts'
import { eventually, startCluster, untilInSync, type RunningCluster } from './builtCluster.ts'
import { kafkaOf, withAdmin } from './clients/kafkajs.ts'
import { recordsIn } from './logFiles.ts'

const TOPIC = 'spread'
const PARTITIONS = [0, 1, 2, 3]

let cluster: RunningCluster
beforeAll(async () => {
  cluster = await startCluster({
    logDirs: 2,
    settings: { 'log.flush.interval.messages': '1', 'replica.high.watermark.checkpoint.interval.ms': '200' },
  })
  await withAdmin(kafkaOf(cluster.bootstrapServers, 'folders'), admin =>
    admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: PARTITIONS.length, replicationFactor: 3 }] }),
  )
  await untilInSync(cluster)
})
afterAll(() => cluster.stop())

const stateOf = (partition: number) => cluster.snapshot().partitions.find(each => each.topic === TOPIC && each.partition === partition)!
const logDirsOf = (brokerId: number) => cluster.snapshot().brokers.find(each => each.brokerId === brokerId)!.logDirs
const foldersOf = (brokerId: number) => logDirsOf(brokerId).map(({ path }) => path)
const placeOf = (brokerId: number, partition: number) =>
  foldersOf(brokerId).find(folder => existsSync(join(folder, `${TOPIC}-${partition}`)))!
const segmentOf = (brokerId: number, partition: number) =>
  join(placeOf(brokerId, partition), `${TOPIC}-${partition}`, '00000000000000000000.log')

const sent = new Map(PARTITIONS.map(partition => [partition, [] as string[]]))
/** To every partition, by another program, acknowledged by all in-sync replicas. */
async function produceEverywhere(value: string): Promise<void> {
  const producer = kafkaOf(cluster.bootstrapServers, 'folders').producer({ idempotent: true })
  await producer.connect()
  await producer.send({ topic: TOPIC, acks: -1, messages: PARTITIONS.map(partition => ({ partition, value })) })
  await producer.disconnect()
  for (const values of sent.values()) values.push(value)
}

const everythingIsOn = async (brokerId: number, partition: number) =>
  recordsIn(await readFile(segmentOf(brokerId, partition))).map(each => each.value)

describe('brokers with two log folders', () => {
  it('have replicas in both', () => {
    for (const brokerId of cluster.brokerIds) {
      expect(new Set(PARTITIONS.map(partition => placeOf(brokerId, partition))).size).toBe(2)
    }
  })

  it('go on when one of their partitions is damaged, with another leader for that one', async () => {
    await produceEverywhere('one')
    await produceEverywhere('two')
    const broken = await eventually('there is a leader', () => stateOf(0).leader ?? undefined)
    const file = segmentOf(broken, 0)
    await eventually('what was synced is known to be', async () =>
      (await readFile(join(placeOf(broken, 0), 'recovery-point-offset-checkpoint'), 'utf8')).includes(`${TOPIC} 0 2\n`),
    )
    await cluster.kill(broken)
    const bytes = await readFile(file)
    bytes[70]! ^= 1
    await writeFile(file, bytes)
    await cluster.start(broken)

    await eventually('all but the damaged one are in sync', () =>
      PARTITIONS.every(partition => stateOf(partition).inSyncReplicas.length === (partition === 0 ? 2 : 3)),
    )
    expect(stateOf(0).inSyncReplicas).not.toContain(broken)
    expect(stateOf(0).leader).not.toBe(broken)
    await produceEverywhere('three')
    const told = await readFile(join(cluster.directory, 'logs', `broker-${broken}.log`), 'utf8')
    expect(told).toMatch(new RegExp(`${TOPIC}-0.*(byte|position) \\d+`))

    // What is to be done about it: take the damaged folder away, and the broker gets a copy.
    await cluster.kill(broken)
    await rm(join(file, '..'), { recursive: true })
    await cluster.start(broken)
    await untilInSync(cluster)
    expect(
      await eventually('it has a copy', async () => (await everythingIsOn(broken, 0)).length === 3 && everythingIsOn(broken, 0)),
    ).toEqual(sent.get(0))
  })

  it('go on when one folder is gone, with other leaders for what was in it', async () => {
    const broken = 2
    const [kept, lost] = foldersOf(broken) as [string, string]
    const inLost = PARTITIONS.filter(partition => placeOf(broken, partition) === lost)
    const pid = cluster.pidOf(broken)
    await rm(lost, { recursive: true })
    await produceEverywhere('four') // the next checkpoint finds no folder
    await eventually('nobody counts on what was in it', () =>
      inLost.every(partition => !stateOf(partition).inSyncReplicas.includes(broken)),
    )
    await produceEverywhere('five')
    for (const partition of PARTITIONS) {
      expect(stateOf(partition).inSyncReplicas).toHaveLength(inLost.includes(partition) ? 2 : 3)
      if (inLost.includes(partition)) expect(stateOf(partition).leader).not.toBe(broken)
    }
    expect(cluster.pidOf(broken)).toBe(pid)
    const [first, second] = await eventually('the cluster says so', () => (logDirsOf(broken)[1]?.problem ? logDirsOf(broken) : undefined))
    expect(first).toEqual({ path: kept, state: 'online', problem: null })
    expect(second).toMatchObject({ path: lost, state: 'offline', problem: expect.stringContaining(lost) })

    const connection = await KafkaConnection.open(
      nodeEnv(),
      { host: '127.0.0.1', port: cluster.portOf(broken) },
      { clientId: 'folders', connectTimeoutMs: 5_000, requestTimeoutMs: 10_000, negotiate: true },
    )
    const { results } = await connection.send(DescribeLogDirs, { topics: null })
    connection.close()
    expect(results.map(each => [each.logDir, errorName(each.errorCode)])).toEqual([
      [kept, 'NONE'],
      [lost, 'KAFKA_STORAGE_ERROR'],
    ])

    // A new process takes an empty folder for a new disk.
    await cluster.restart(broken)
    await untilInSync(cluster)
    expect(logDirsOf(broken).map(({ state }) => state)).toEqual(['online', 'online'])
    for (const partition of inLost) expect(await everythingIsOn(broken, partition)).toEqual(sent.get(partition))
  })
})
