import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually, startCluster, untilInSync, type RunningCluster } from './builtCluster.ts'
import { kafkaOf, withAdmin } from './clients/kafkajs.ts'
import { Trilog } from './trilog.ts'

const TOPIC = 'orders'

describe('a link that is cut', () => {
  let cluster: RunningCluster
  beforeEach(async () => {
    cluster = await startCluster()
    await withAdmin(kafkaOf(cluster.bootstrapServers, 'links'), admin =>
      admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1, replicationFactor: 3 }] }),
    )
    await untilInSync(cluster)
  })
  afterEach(() => cluster.stop())

  const partition = () => cluster.snapshot().partitions.find(each => each.topic === TOPIC)
  const leaderOf = () => partition()?.leader ?? undefined
  const others = (one: number) => cluster.brokerIds.filter(id => id !== one)
  const isActive = (one: number) => cluster.snapshot().brokers.find(each => each.brokerId === one)?.isActive ?? false

  it('leaves a leader alone, which is fenced; another leads, and what clients send there is stored on all three once it heals', async () => {
    const leader = leaderOf() ?? 1
    const processes = cluster.brokerIds.map(id => cluster.pidOf(id))
    for (const other of others(leader)) await cluster.link(leader, other, { cut: true })
    expect(cluster.snapshot().links).toHaveLength(4)
    const next = await eventually('another leads', () => leaderOf() !== leader && leaderOf())
    const producer = kafkaOf(`127.0.0.1:${cluster.portOf(next)}`, 'links', { retries: 200 }).producer({
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    await producer.send({ topic: TOPIC, acks: -1, messages: [{ value: 'while it was cut off' }] })
    await producer.disconnect()
    expect(isActive(leader)).toBe(false)
    await cluster.healLinks()
    await eventually('it is back', () => isActive(leader))
    await untilInSync(cluster)
    expect(
      cluster.brokerIds.map(id => cluster.pidOf(id)),
      'nobody has died of it',
    ).toEqual(processes)
    await eventually('all have the record', () => partition()?.replicas.every(each => each.logEndOffset === 1))
  })

  it('stays cut for a broker that is killed and started again', async () => {
    const controller = await eventually('a controller', () => cluster.snapshot().controllerId ?? undefined)
    const [one = 1] = others(controller)
    for (const other of others(one)) await cluster.link(one, other, { cut: true })
    await eventually('it is fenced', () => !isActive(one))
    await cluster.kill(one)
    const started = cluster.start(one)
    const isReady = await Promise.race([started.then(() => true), new Promise<false>(resolve => setTimeout(() => resolve(false), 3_000))])
    expect(isReady, 'without a controller to be had, nobody is ready').toBe(false)
    await cluster.healLinks()
    await started
    await untilInSync(cluster)
  })

  it('refuses what is no link and no fault', async () => {
    await expect(cluster.link(1, 9, { cut: true })).rejects.toThrow('There is no broker 9; there are 1, 2, 3')
    await expect(cluster.link(1, 2, {})).rejects.toThrow('say one of them')
    await expect(cluster.link(1, 2, { drop: 1 })).rejects.toThrow('no such fault')
  })
})

describe('trilog link', () => {
  let trilog: Trilog
  beforeEach(() => {
    trilog = new Trilog()
  })
  afterEach(() => trilog.end())

  it('slows the way from clients to a broker, says so in the status, and heals it', async () => {
    const data = trilog.folder('cluster')
    const { brokers } = await trilog.up(data, '--port', '0')
    const [first] = brokers
    const askMs = async () => {
      const askedAt = performance.now()
      await withAdmin(kafkaOf(`127.0.0.1:${first?.port}`, 'links'), admin => admin.listTopics())
      return performance.now() - askedAt
    }
    await trilog.tell('link', '1', 'clients', '--delay', '700', '--one-way', '--data', data)
    expect(await trilog.tell('status', '--data', data)).toContain('Link from broker 1 to clients  delayed by 700 ms')
    expect(JSON.parse(await trilog.tell('status', '--json', '--data', data))).toMatchObject({
      links: [{ from: 1, to: 'clients', cut: false, delayMs: 700, drop: 0 }],
    })
    expect(await askMs()).toBeGreaterThan(700)
    await trilog.tell('link', 'clients', '1', '--heal', '--data', data)
    expect(await trilog.tell('status', '--data', data)).not.toContain('Link')
    expect(await trilog.run('link', '1', '1', '--cut', '--data', data)).toMatchObject({
      status: 1,
      stderr: 'trilog: Broker 1 has no link to itself',
    })
    await trilog.tell('down', '--data', data)
  })
})
