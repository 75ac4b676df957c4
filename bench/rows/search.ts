import { join } from 'node:path'
import { adminServices } from '../../src-main/admin/adminServices.ts'
import { replicaLogs } from '../../src-main/cluster/replicaLogs.ts'
import type { SearchFilter, SearchItem } from '../../src-main/contract/search.ts'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import type { RunningCluster } from '../../src-main/hosts/cli/startCluster.ts'
import { nodeSearchWorkers } from '../../src-main/hosts/search/nodeSearchWorkers.ts'
import { CreateTopics } from '../../src-main/protocol/messages/createTopics.ts'
import { Produce } from '../../src-main/protocol/messages/produce.ts'
import type { CompressionName } from '../../src-main/protocol/records/batch.ts'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { out, sleep, startCluster, untilInSync } from '../brokers.ts'
import type { Row } from '../figures.ts'
import { connectTo } from '../wire.ts'

/** As much as a Java producer puts together unless told otherwise. */
const RECORDS_PER_BATCH = 16
const PARTITIONS = 6
/** One record of so many holds what is searched for. */
const ONE_IN = 4_096
const NEEDLE = 'SKU-48-needle'
const IN_FLIGHT = 8

const text: SearchFilter = { kind: 'text', text: NEEDLE, isCaseSensitive: true, where: ['value'] }
const folded: SearchFilter = { kind: 'text', text: NEEDLE.toLowerCase(), isCaseSensitive: false, where: ['key', 'value', 'headers'] }
const regex: SearchFilter = { kind: 'regex', pattern: String.raw`SKU-\d+-needle`, isCaseSensitive: true, where: ['value'] }
const json: SearchFilter = {
  kind: 'json',
  conditions: [{ part: 'value', path: 'order.items[*].price', operator: 'atLeast', value: '1000000' }],
  combine: 'every',
}
const predicate: SearchFilter = { kind: 'predicate', source: 'value.order.items.some(item => item.price >= 1000000)' }

/** Every record of a topic over the protocol, and in the segment files with the brokers stopped: how many a second. Each search must find all there is. */
export async function search(rounds: number, recordsOfTopic: number): Promise<Row[]> {
  await using cluster = await startCluster()
  const records = Math.ceil(recordsOfTopic / ONE_IN / PARTITIONS) * ONE_IN * PARTITIONS
  for (const codec of ['none', 'lz4'] as const) await fill(cluster, codec, records)
  const env = nodeEnv()
  const workers = nodeSearchWorkers({ entry: join(out, 'searchWorker.js') })
  const brokers = cluster.brokerIds.map(brokerId => ({ brokerId, directories: [join(cluster.directory, `broker-${brokerId}`)] }))
  let services = adminServices(env, {
    bootstrapOf: () => cluster.brokerIds.map(id => ({ host: '127.0.0.1', port: cluster.portOf(id) })),
    searchWorkers: workers,
    filesOf: () => ({ disk: env.disk, of: topic => replicaLogs(env.disk, brokers, topic, []) }),
  })

  const rows: Row[] = []
  async function measure(name: string, bar: string | undefined, filter: SearchFilter, topic: CompressionName, source: 'brokers' | 'files') {
    const perSecond: number[] = []
    const megabytes: number[] = []
    const firstHits: number[] = []
    for (let round = 0; round < rounds; round++) {
      const startedAt = performance.now()
      let firstAt: number | undefined
      let last: SearchItem | undefined
      const input = {
        clusterId: 'local',
        topic,
        filter,
        ranges: null,
        fromMs: null,
        toMs: null,
        order: 'newestFirst',
        maxHits: null,
        source,
      } as const
      for await (const item of services.search.run(
        round % 2 === 0 ? input : { ...input, order: 'oldestFirst' },
        new AbortController().signal,
      )) {
        if (item.type === 'hits') firstAt ??= performance.now()
        last = item
      }
      const seconds = (performance.now() - startedAt) / 1000
      if (last?.type !== 'ended' || last.why !== 'completed') throw new Error(`${name} ended with ${JSON.stringify(last)}`)
      const { hits, bytes, failures, records: looked } = last.progress
      if (hits !== records / ONE_IN || looked !== records || failures > 0) throw new Error(`${name}: ${JSON.stringify(last.progress)}`)
      perSecond.push(records / seconds)
      megabytes.push(bytes / 1e6 / seconds)
      firstHits.push((firstAt ?? 0) - startedAt)
    }
    rows.push(
      { name, unit: 'records/s', values: perSecond, ...(bar === undefined ? {} : { bar }) },
      { name: `${name}: of the log`, unit: 'MB/s', values: megabytes },
      { name: `${name}: first hit after`, unit: 'ms', values: firstHits },
    )
  }

  await measure('search, text, uncompressed', '≥ 200,000', text, 'none', 'brokers')
  await measure('search, text in either case, uncompressed', undefined, folded, 'none', 'brokers')
  await measure('search, regular expression, uncompressed', undefined, regex, 'none', 'brokers')
  await measure('search, JSON condition, uncompressed', undefined, json, 'none', 'brokers')
  await measure('search, JavaScript predicate, uncompressed', '≥ 50,000', predicate, 'none', 'brokers')
  await measure('search, text, lz4', '≥ 100,000', text, 'lz4', 'brokers')
  await measure('search, JavaScript predicate, lz4', '≥ 50,000', predicate, 'lz4', 'brokers')
  await services.close()
  for (const brokerId of cluster.brokerIds) await cluster.stopBroker(brokerId)
  const offline = adminServices(env, {
    bootstrapOf: () => [],
    searchWorkers: workers,
    filesOf: () => ({ disk: env.disk, of: topic => replicaLogs(env.disk, brokers, topic, []) }),
  })
  services = offline
  await measure('search of files, brokers stopped, text, uncompressed', '≥ 1,000,000, or 500 MB/s', text, 'none', 'files')
  await measure('search of files, brokers stopped, text, lz4', undefined, text, 'lz4', 'files')
  await measure('search of files, brokers stopped, JavaScript predicate, uncompressed', undefined, predicate, 'none', 'files')
  await offline.close()
  workers.close()
  return rows
}

async function fill(cluster: RunningCluster, codec: CompressionName, records: number): Promise<void> {
  const admin = await connectTo(cluster, cluster.brokerIds[0] ?? 1)
  await admin.send(CreateTopics, {
    topics: [
      { name: codec, numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs: [{ name: 'retention.ms', value: '-1' }] },
    ],
    timeoutMs: 10_000,
  })
  admin.close()
  await untilInSync(cluster)
  const batches = Array.from({ length: ONE_IN / RECORDS_PER_BATCH }, (_, index) => batchOf(index, codec))
  await Promise.all(
    Array.from({ length: PARTITIONS }, async (_, partition) => {
      const replicas = cluster.snapshot().partitions.find(each => each.topic === codec && each.partition === partition)
      const leader = await connectTo(cluster, replicas?.leader ?? 1)
      let left = records / PARTITIONS / RECORDS_PER_BATCH
      const sender = async () => {
        while (left > 0) {
          // A few batches in one request would be one batch to a broker; each is sent alone, as a producer does.
          const batch = batches[--left % batches.length]!
          const answer = await leader.send(Produce, {
            acks: 1,
            timeoutMs: 30_000,
            topicData: [{ name: codec, partitionData: [{ index: partition, records: batch }] }],
          })
          const code = answer.responses[0]?.partitionResponses[0]?.errorCode
          if (code !== 0) throw new Error(`produce was answered with error ${code}`)
        }
      }
      await Promise.all(Array.from({ length: IN_FLIGHT }, sender))
      leader.close()
    }),
  )
  await sleep(1_000)
}

/** Orders of about a kilobyte. The last record of all batches together is the one that is looked for. */
function batchOf(index: number, codec: CompressionName): Buffer {
  const records = Array.from({ length: RECORDS_PER_BATCH }, (_, place) => {
    const id = index * RECORDS_PER_BATCH + place
    const isWanted = id === ONE_IN - 1
    const items = Array.from({ length: 4 }, (_, item) => ({
      sku: isWanted && item === 2 ? NEEDLE : `SKU-${(id * 7919 + item * 104729) % 99991}-${(id * 31 + item).toString(36)}`,
      title: ['A lamp that remembers', 'Chair of bent ash', 'Teapot, cast iron', 'Blanket, undyed wool'][(id + item) % 4],
      price: isWanted && item === 2 ? 1_000_000 : ((id * 37 + item * 11) % 9_999) / 100,
      quantity: 1 + ((id + item) % 5),
    }))
    const customer = {
      id: 100_000 + ((id * 48_271) % 900_000),
      name: `Customer ${(id * 16_807) % 65_536}`,
      email: `c${id}@example.com`,
      isVip: id % 9 === 0,
    }
    const address = {
      street: `${1 + (id % 240)} Harbour Road`,
      city: ['Lyon', 'Porto', 'Gdańsk', 'Osaka', '成都'][id % 5],
      zip: `${10_000 + (id % 89_999)}`,
    }
    const order = {
      id: `order-${id}`,
      createdAt: new Date(1_700_000_000_000 + id * 977).toISOString(),
      status: ['paid', 'sent', 'open'][id % 3],
      items,
    }
    const note = 'Please leave it with the neighbour when nobody is at home, and ring twice. '.repeat(1 + (id % 3))
    return {
      key: Buffer.from(`customer-${customer.id}`),
      value: Buffer.from(JSON.stringify({ order, customer, address, note })),
      timestamp: 1_700_000_000_000 + id,
    }
  })
  return buildBatch({ records, codec })
}
