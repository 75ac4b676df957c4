import { Admin, ConfigResourceTypes, Consumer, IncrementalAlterConfigOperationTypes, ProduceAcks, Producer } from '@platformatic/kafka'
import { randomUUID } from 'node:crypto'
import { bytesOf, caughtUp, everyCodec, textOf, type Client, type Consumed } from './client.ts'

const CONSUME_MS = 60_000

const optionsOf = (bootstrap: string) => ({
  clientId: `platformatic-${randomUUID()}`,
  bootstrapBrokers: bootstrap.split(','),
  retries: 20,
  retryDelay: 100,
  timeout: 10_000,
})

async function withAdmin<T>(bootstrap: string, act: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin(optionsOf(bootstrap))
  try {
    return await act(admin)
  } finally {
    await admin.close()
  }
}

const topicResource = (topic: string) => ({ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic })

async function retentionOf(admin: Admin, topic: string): Promise<string | undefined> {
  const described = await admin.describeConfigs({ resources: [{ ...topicResource(topic), configurationKeys: ['retention.ms'] }] })
  return described[0]?.configs.find(each => each.name === 'retention.ms')?.value ?? undefined
}

const partitionsOf = async (admin: Admin, topic: string) => {
  const metadata = await admin.metadata({ topics: [topic], forceUpdate: true })
  return metadata.topics.get(topic)?.partitionsCount ?? 0
}

export const platformatic: Client = {
  name: '@platformatic/kafka',
  codecs: everyCodec,
  isRich: true,
  missing: () => undefined,

  createTopic: (bootstrap, { name, partitions, replicationFactor }) =>
    withAdmin(bootstrap, async admin => {
      await admin.createTopics({ topics: [name], partitions, replicas: replicationFactor })
    }),

  async produce(bootstrap, { topic, codec, records }) {
    const producer = new Producer({ ...optionsOf(bootstrap), autocreateTopics: true })
    try {
      await producer.send({
        idempotent: true,
        acks: ProduceAcks.ALL,
        compression: codec,
        messages: records.map(({ partition, key, value, headers, timestamp }) => ({
          topic,
          partition,
          // What is left out of a message goes out as null.
          ...(key !== null && { key: Buffer.from(key, 'latin1') }),
          ...(value !== null && { value: Buffer.from(value, 'latin1') }),
          headers: new Map(headers.map(([name, text]) => [Buffer.from(name), bytesOf(text) ?? Buffer.alloc(0)])),
          ...(timestamp !== null && { timestamp: BigInt(timestamp) }),
        })),
      })
    } finally {
      await producer.close()
    }
  },

  async consume(bootstrap, { topic, groupId, count }) {
    const consumer = new Consumer({ ...optionsOf(bootstrap), groupId, maxWaitTime: 100, sessionTimeout: 10_000, heartbeatInterval: 1_000 })
    const consumed: Consumed[] = []
    let late: NodeJS.Timeout | undefined
    try {
      const stream = await consumer.consume({ topics: [topic], mode: 'committed', fallbackMode: 'earliest', autocommit: false })
      late = setTimeout(() => stream.destroy(new Error(`only ${consumed.length} of ${count} records came`)), CONSUME_MS)
      for await (const message of stream) {
        const { partition, offset, key, value, headerEntries, timestamp } = message
        consumed.push({
          partition,
          offset: Number(offset),
          key: textOf(key),
          value: textOf(value),
          headers: headerEntries.map(([name, text]) => [textOf(name) ?? '', textOf(text)] as const),
          timestamp: Number(timestamp),
        })
        await message.commit()
        if (consumed.length === count) break
      }
    } finally {
      clearTimeout(late)
      await consumer.close(true)
    }
    return consumed
  },

  administer: (bootstrap, { topic, retentionMs }) =>
    withAdmin(bootstrap, async admin => {
      await admin.createTopics({
        topics: [topic],
        partitions: 2,
        replicas: 3,
        configs: [{ name: 'retention.ms', value: String(retentionMs) }],
      })
      const partitionsAtFirst = await caughtUp(
        () => partitionsOf(admin, topic),
        count => count > 0,
      )
      const retentionAtFirst = await retentionOf(admin, topic)
      await admin.incrementalAlterConfigs({
        resources: [
          {
            ...topicResource(topic),
            configs: [{ name: 'retention.ms', configOperation: IncrementalAlterConfigOperationTypes.SET, value: String(retentionMs * 2) }],
          },
        ],
      })
      const retentionAltered = await caughtUp(
        () => retentionOf(admin, topic),
        value => value !== retentionAtFirst,
      )
      await admin.createPartitions({ topics: [{ name: topic, count: 4, assignments: null }] })
      const partitionsAdded = await caughtUp(
        () => partitionsOf(admin, topic),
        count => count !== partitionsAtFirst,
      )
      const groups = await admin.listGroups()
      const producer = new Producer(optionsOf(bootstrap))
      await producer.send({
        acks: ProduceAcks.ALL,
        messages: ['a', 'b', 'c'].map(value => ({ topic, partition: 0, value: Buffer.from(value) })),
      })
      await producer.close()
      const deleted = await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 2n }] }] })
      await admin.deleteTopics({ topics: [topic] })
      return {
        partitionsAtFirst,
        ...(retentionAtFirst !== undefined && { retentionAtFirst }),
        ...(retentionAltered !== undefined && { retentionAltered }),
        partitionsAdded,
        groups: [...groups.keys()],
        logStartOffset: Number(deleted[0]?.partitions[0]?.lowWatermark),
        isListedAfterDelete: await caughtUp(
          async () => (await admin.listTopics()).includes(topic),
          isListed => !isListed,
        ),
      }
    }),
}
