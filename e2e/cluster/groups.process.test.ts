import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { AssignerProtocol, type Consumer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { partitionForGroup } from '../../src-main/protocol/hashing.ts'
import { eventually, startCluster, untilInSync, type RunningCluster } from './builtCluster.ts'
import { kafkaOf, withAdmin } from './clients/kafkajs.ts'

let cluster: RunningCluster
const consumers: Consumer[] = []
const processes: ChildProcess[] = []

beforeAll(async () => {
  // Kafka lets nobody's session be shorter than 6 s; a dead member would have to be waited for that long.
  cluster = await startCluster({ settings: { 'group.min.session.timeout.ms': '500' } })
})

afterAll(async () => {
  for (const each of processes) each.kill('SIGKILL')
  await Promise.all(consumers.map(consumer => consumer.disconnect()))
  await cluster.stop()
})

const kafka = () => kafkaOf(cluster.bootstrapServers, 'groups')

async function aTopic(topic: string, options: { partitions: number; records: number }) {
  await withAdmin(kafka(), admin => admin.createTopics({ topics: [{ topic, numPartitions: options.partitions, replicationFactor: 3 }] }))
  if (options.records === 0) return
  const producer = kafka().producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const messages = Array.from({ length: options.records }, (_, n) => ({ partition: n % options.partitions, value: `record-${n}` }))
  await producer.send({ topic, acks: -1, messages })
  await producer.disconnect()
}

async function aConsumer(groupId: string): Promise<Consumer> {
  const consumer = kafka().consumer({
    groupId,
    // kafkajs tries its dead coordinator some times, then comes back as another member, and the one that it was has to be waited out.
    sessionTimeout: 2_000,
    rebalanceTimeout: 5_000,
    heartbeatInterval: 300,
    maxWaitTimeInMs: 100,
  })
  consumers.push(consumer)
  await consumer.connect()
  return consumer
}

/** Reads with a group until `count` values came. */
async function readAll(groupId: string, topic: string, count: number): Promise<string[]> {
  const values: string[] = []
  const consumer = await aConsumer(groupId)
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) })
  await eventually(`${groupId} reads ${count} records`, () => values.length >= count)
  await consumer.disconnect()
  return values
}

async function committedOffsets(groupId: string, topic: string): Promise<number[]> {
  // kafkajs's admin does not try again when a coordinator has moved, or is still loading its groups.
  const [of] = await eventually('the coordinator answers', () =>
    withAdmin(kafka(), admin => admin.fetchOffsets({ groupId, topics: [topic] })).catch((error: unknown) => {
      if ((error as { retriable?: boolean }).retriable !== true) throw error
      return undefined
    }),
  )
  return (of?.partitions ?? []).sort((a, b) => a.partition - b.partition).map(each => Number(each.offset))
}

/** The broker that coordinates a group, asked from the cluster as the screens know it. */
function coordinatorOf(groupId: string): number {
  const offsets = cluster.snapshot().partitions.filter(each => each.topic === '__consumer_offsets')
  const leader = offsets[partitionForGroup(groupId, offsets.length)]?.leader
  if (leader === undefined || leader === null) throw new Error(`${groupId} has no coordinator`)
  return leader
}

describe('a consumer group', () => {
  it('goes on from exactly 50 when the member that had read and committed 50 is killed', async () => {
    await aTopic('fifty', { partitions: 1, records: 100 })
    const member = spawn(process.execPath, [join(import.meta.dirname, 'clients', 'memberUntil.ts')], {
      env: { ...process.env, BOOTSTRAP: cluster.bootstrapServers, TOPIC: 'fifty', GROUP: 'fifty-group', UNTIL: '50' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    processes.push(member)
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: member.stdout }).once('line', () => resolve())
      member.once('exit', code => reject(new Error(`the member ended with ${code} before it had committed`)))
    })
    expect(await committedOffsets('fifty-group', 'fifty')).toEqual([50])
    member.kill('SIGKILL')

    const second = await aConsumer('fifty-group')
    const continued: number[] = []
    await second.subscribe({ topic: 'fifty', fromBeginning: true })
    await second.run({ eachMessage: async ({ message }) => void continued.push(Number(message.offset)) })
    await eventually('the rest is read', () => continued.length >= 50)
    await second.disconnect()
    expect(continued).toEqual(Array.from({ length: 50 }, (_, n) => n + 50))
    expect(await committedOffsets('fifty-group', 'fifty')).toEqual([100])
  })

  it('lets one of five members on four partitions idle', async () => {
    await aTopic('four', { partitions: 4, records: 0 })
    const members = await Promise.all(Array.from({ length: 5 }, () => aConsumer('five-members')))
    for (const member of members) {
      await member.subscribe({ topic: 'four', fromBeginning: true })
      await member.run({ eachMessage: async () => undefined })
    }
    const shares = await withAdmin(kafka(), admin =>
      eventually('all five have their share', async () => {
        const { groups } = await admin.describeGroups(['five-members'])
        const [group] = groups
        if (group?.state !== 'Stable' || group.members.length !== 5) return undefined
        return group.members.map(
          ({ memberAssignment }) =>
            (memberAssignment.length === 0 ? null : AssignerProtocol.MemberAssignment.decode(memberAssignment))?.assignment.four ?? [],
        )
      }),
    )
    expect(shares.map(share => share.length).sort()).toEqual([0, 1, 1, 1, 1])
    expect(shares.flat().sort()).toEqual([0, 1, 2, 3])
    await Promise.all(members.map(member => member.disconnect()))
  })

  it('reads everything independently of another group', async () => {
    await aTopic('shared', { partitions: 3, records: 300 })
    const all = Array.from({ length: 300 }, (_, n) => `record-${n}`).sort()
    for (const values of await Promise.all([readAll('reader-one', 'shared', 300), readAll('reader-two', 'shared', 300)])) {
      expect([...values].sort()).toEqual(all)
    }
    // What one of them commits is no other's business.
    expect(await committedOffsets('reader-one', 'shared')).toEqual([100, 100, 100])
    expect(await committedOffsets('reader-three', 'shared')).toEqual([-1, -1, -1])
  })

  it('keeps its offsets, and its members, when its coordinator is killed', async () => {
    await aTopic('durable', { partitions: 2, records: 40 })
    await readAll('durable-group', 'durable', 40)
    expect(await committedOffsets('durable-group', 'durable')).toEqual([20, 20])

    const values: string[] = []
    const producer = kafka().producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    const survivor = await aConsumer('durable-group')
    await survivor.subscribe({ topic: 'durable', fromBeginning: true })
    const joined = new Promise(resolve => survivor.on(survivor.events.GROUP_JOIN, resolve))
    await survivor.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) })
    await joined
    const coordinator = coordinatorOf('durable-group')
    await cluster.kill(coordinator)
    expect(await committedOffsets('durable-group', 'durable')).toEqual([20, 20])
    await producer.send({ topic: 'durable', acks: -1, messages: [{ partition: 0, value: 'after the kill' }] })
    await producer.disconnect()
    await eventually('the member reads on', () => values.includes('after the kill'))
    expect(values).toEqual(['after the kill'])
    await eventually('and commits', async () => (await committedOffsets('durable-group', 'durable'))[0] === 21)

    await cluster.start(coordinator)
    await untilInSync(cluster)
    await survivor.disconnect()
    expect(await committedOffsets('durable-group', 'durable')).toEqual([21, 20])
  })
})
