import kafkajs from 'kafkajs'
import { untilDone } from './patience.ts'
import type { FromReader, ReaderOrder } from './readers.ts'

/** One member of the group, on kafkajs: reads, commits what it has read, and tells its parent of both. A process of its own, for kafkajs may spin for ever. */
const order = JSON.parse(process.argv[2] ?? '{}') as ReaderOrder
const ALIVE_EVERY_MS = 1_000

const tell = (message: FromReader) => process.send?.(message, undefined, undefined, () => undefined) // the parent's end is told by `disconnect`
const nowMs = () => performance.timeOrigin + performance.now()

const kafka = new kafkajs.Kafka({
  clientId: 'storm-reader',
  brokers: [...order.brokers],
  logLevel: kafkajs.logLevel.NOTHING,
  connectionTimeout: 1_000,
  requestTimeout: 3_000,
  retry: { initialRetryTime: 30, maxRetryTime: 200, retries: 10_000 },
})
const consumer = kafka.consumer({
  groupId: order.group,
  sessionTimeout: 6_000,
  heartbeatInterval: 500,
  rebalanceTimeout: 5_000,
  maxWaitTimeInMs: 200,
  retry: { initialRetryTime: 30, maxRetryTime: 300, retries: 50, restartOnFailure: async () => true },
})

process.on('disconnect', () => process.exit(0))
process.on('message', () => {
  void consumer.disconnect().finally(() => process.exit(0))
})
// What kafkajs lets go of goes on all the same; what it does not take for passing ends it, and its parent starts another.
process.on('unhandledRejection', problem => {
  if (!(problem instanceof Error) || !problem.name.startsWith('KafkaJS')) throw problem
})
consumer.on(consumer.events.CRASH, ({ payload }) => {
  if (!payload.restart) process.exit(1)
})
setInterval(() => tell({ type: 'alive' }), ALIVE_EVERY_MS)

await untilDone(() => consumer.connect())
await untilDone(() => consumer.subscribe({ topic: order.topic, fromBeginning: true }))
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch, isRunning, isStale }) => {
    if (!isRunning() || isStale()) return
    const { partition } = batch
    tell({ type: 'read', partition, records: batch.messages.map(({ offset, value }) => [Number(offset), String(value)]) })
    await commit(partition, Number(batch.lastOffset()) + 1)
  },
})
tell({ type: 'joined' })

/**
 * What becomes of a commit that fails is open. That its member is not one any more, it learns by its next heartbeat. Only the event tells of success: for a
 * consumer that is being stopped, the promise resolves in any case.
 */
async function commit(partition: number, offset: number): Promise<void> {
  tell({ type: 'commits', partition, offset, atMs: nowMs() })
  const stopListening = consumer.on(consumer.events.COMMIT_OFFSETS, () => tell({ type: 'committed', partition, offset, atMs: nowMs() }))
  await consumer.commitOffsets([{ topic: order.topic, partition, offset: String(offset) }]).catch(() => undefined)
  stopListening()
}
