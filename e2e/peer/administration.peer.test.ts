import { createHmac, hash, pbkdf2Sync } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, startCluster, untilInSync, type RunningCluster } from '../cluster/builtCluster.ts'
import { aFolder, dumpedByTrilog, filesIn } from './folders.ts'
import { classpath, dumpedByKafka, runKafka } from './kafka.ts'

const CONFIGS = 'kafka.admin.ConfigCommand'
const FEATURES = 'org.apache.kafka.tools.FeatureCommand'
const TOPICS = 'org.apache.kafka.tools.TopicCommand'
const REASSIGN = 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand'
const ELECT = 'org.apache.kafka.tools.LeaderElectionCommand'
const CLUSTER = 'org.apache.kafka.tools.ClusterTool'

let work: string
let cluster: RunningCluster

/** Each question takes a Java of its own. */
const PATIENCE_MS = 400_000

describe.skipIf(classpath === undefined)("Apache Kafka's own tools", { timeout: PATIENCE_MS }, () => {
  beforeAll(async () => {
    work = aFolder('administration')
    cluster = await startCluster({ directory: join(work, 'cluster') })
  })
  afterAll(async () => {
    await cluster.stop()
    rmSync(work, { recursive: true, force: true })
  })

  /** What a tool says, on whichever of its outputs. */
  async function say(tool: string, ...args: readonly string[]): Promise<{ status: number | null; said: string }> {
    const { status, stdout, stderr } = await runKafka(tool, '--bootstrap-server', cluster.bootstrapServers, ...args)
    return { status, said: [...stdout, stderr].join('\n') }
  }
  const alter = (...args: readonly string[]) => say(CONFIGS, '--alter', ...args)
  const describeConfigs = async (...args: readonly string[]) => (await say(CONFIGS, '--describe', ...args)).said

  it('set, show and delete SCRAM credentials, whose keys are those of the password', async () => {
    const alice = ['--entity-type', 'users', '--entity-name', 'alice']
    const password = 'a secret of alice'
    expect(await alter(...alice, '--add-config', `SCRAM-SHA-256=[iterations=8192,password=${password}]`)).toMatchObject({ status: 0 })
    expect(await alter(...alice, '--add-config', 'SCRAM-SHA-512=[password=another]')).toMatchObject({ status: 0 })
    expect(await describeConfigs(...alice)).toContain('SCRAM-SHA-256=iterations=8192, SCRAM-SHA-512=iterations=4096')
    expect((await alter(...alice, '--add-config', 'SCRAM-SHA-512=[iterations=20000,password=x]')).said).toContain('Too many iterations')
    expect(await alter(...alice, '--delete-config', 'SCRAM-SHA-512')).toMatchObject({ status: 0 })
    expect(await describeConfigs(...alice)).not.toContain('SCRAM-SHA-512')

    const record = await inMetadataLog('USER_SCRAM_CREDENTIAL_RECORD', ({ iterations }) => iterations === 8192)
    const bytes = (name: string) => Buffer.from(record[name] as string, 'base64')
    const salted = pbkdf2Sync(password, bytes('salt'), 8192, 32, 'sha256')
    const keyed = (text: string) => createHmac('sha256', salted).update(text).digest()
    expect(bytes('storedKey')).toEqual(hash('sha256', keyed('Client Key'), 'buffer'))
    expect(bytes('serverKey')).toEqual(keyed('Server Key'))

    const ours = JSON.stringify(await dumpedByTrilog(metadataLog()))
    expect(ours).toContain('UserScramCredentialRecord')
    for (const name of ['salt', 'storedKey', 'serverKey']) expect(ours).not.toContain(record[name] as string)
  })

  it('set, show and delete quotas of users, clients and addresses', async () => {
    const user = ['--entity-type', 'users', '--entity-name', 'bob']
    const client = ['--entity-type', 'clients', '--entity-name', 'app']
    const address = ['--entity-type', 'ips', '--entity-name', '127.0.0.1']
    expect(await alter(...user, '--add-config', 'producer_byte_rate=1024,request_percentage=12.5')).toMatchObject({ status: 0 })
    expect(await alter(...user, ...client, '--add-config', 'consumer_byte_rate=2048')).toMatchObject({ status: 0 })
    expect(await alter('--entity-type', 'clients', '--entity-default', '--add-config', 'controller_mutation_rate=7')).toMatchObject({
      status: 0,
    })
    expect(await alter(...address, '--add-config', 'connection_creation_rate=3')).toMatchObject({ status: 0 })
    expect(await describeConfigs(...user, ...client)).toContain('consumer_byte_rate=2048.0')
    expect(await describeConfigs('--entity-type', 'clients', '--entity-default')).toContain('controller_mutation_rate=7.0')
    expect(await describeConfigs(...address)).toContain('connection_creation_rate=3.0')
    expect(await alter(...user, '--delete-config', 'producer_byte_rate')).toMatchObject({ status: 0 })
    const left = await describeConfigs(...user)
    expect(left).toContain('request_percentage=12.5')
    expect(left).not.toContain('producer_byte_rate')
  })

  it('move features', async () => {
    expect((await say(FEATURES, 'upgrade', '--feature', 'metadata.version=29')).said).toContain('metadata.version was upgraded to 29')
    expect((await say(FEATURES, 'upgrade', '--feature', 'metadata.version=99')).said).toContain('cannot have level 99')
    expect((await say(FEATURES, 'downgrade', '--feature', 'metadata.version=25')).said).toContain('metadata.version was downgraded to 25')
    const elr = 'eligible.leader.replicas.version'
    expect((await say(FEATURES, 'downgrade', '--feature', `${elr}=0`)).said).toContain(`${elr} was downgraded to 0`)
    expect((await say(FEATURES, 'upgrade', '--feature', `${elr}=1`)).said).toContain(`${elr} was upgraded to 1`)
    expect((await say(FEATURES, 'describe')).said).toMatch(/eligible\.leader\.replicas\.version .*FinalizedVersionLevel: 1/)
  })

  it('move partitions under a throttle, take the throttle off, and elect the preferred leaders', async () => {
    const created = await say(TOPICS, '--create', '--topic', 'orders', '--replica-assignment', '1:2,2:1')
    expect(created).toMatchObject({ status: 0 })
    const plan = join(work, 'plan.json')
    const partitions = [
      { topic: 'orders', partition: 0, replicas: [3, 2] },
      { topic: 'orders', partition: 1, replicas: [2, 3] },
    ]
    writeFileSync(plan, JSON.stringify({ version: 1, partitions }))
    const moved = await say(REASSIGN, '--execute', '--throttle', '1000000', '--reassignment-json-file', plan)
    expect(moved.said).toContain('Successfully started partition reassignments')
    await untilInSync(cluster)
    await eventually('the move is done', async () => {
      const { said } = await say(REASSIGN, '--verify', '--reassignment-json-file', plan)
      return said.includes('Reassignment of partition orders-0 is completed') && said.includes('Clearing broker-level throttles')
    })
    expect(await describeConfigs('--entity-type', 'topics', '--entity-name', 'orders')).not.toContain('throttled.replicas')
    expect(await describeConfigs('--entity-type', 'brokers', '--entity-name', '1')).not.toContain('throttled.rate')
    const elected = await say(ELECT, '--election-type', 'preferred', '--all-topic-partitions')
    expect(elected.status).toBe(0)
    await eventually('both lead who are preferred', () => {
      const leaders = cluster
        .snapshot()
        .partitions.filter(({ topic }) => topic === 'orders')
        .map(({ leader }) => leader)
      return leaders.includes(3) && leaders.includes(2)
    })
  })

  it('remove a broker that is gone', async () => {
    await cluster.kill(3)
    const unregister = async () => {
      const { stdout, stderr } = await runKafka(CLUSTER, 'unregister', '--bootstrap-server', cluster.bootstrapServers, '--id', '3')
      return [...stdout, stderr].join('\n')
    }
    expect(await unregister()).toContain('Broker 3 is no longer registered')
    expect(await unregister()).toContain('BrokerIdNotRegistered')
    await cluster.start(3)
    await untilInSync(cluster)
  })

  const metadataLog = () => filesIn(join(work, 'cluster', 'broker-1', '__cluster_metadata-0'), '.log')

  /** A record of the metadata log, as Kafka reads it. */
  async function inMetadataLog(type: string, isWanted: (data: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    const dumped = await dumpedByKafka(metadataLog(), '--cluster-metadata-decoder')
    const found = [...dumped.values()]
      .flat()
      .flatMap(line => /payload: (\{.*\})$/.exec(line)?.[1] ?? [])
      .map(text => JSON.parse(text) as { type: string; data: Record<string, unknown> })
      .find(record => record.type === type && isWanted(record.data))
    if (found === undefined) throw new Error(`there is no such ${type}`)
    return found.data
  }
})
