// A member of a group in a process of its own, so that it can be killed: reads UNTIL records of TOPIC, commits, says so, and does no more.
import { kafkaOf } from './kafkajs.ts'

const { BOOTSTRAP = '', TOPIC = '', GROUP = '', UNTIL = '0' } = process.env
const until = Number(UNTIL)

const consumer = kafkaOf(BOOTSTRAP, 'member').consumer({
  groupId: GROUP,
  sessionTimeout: 1_000,
  heartbeatInterval: 200,
  maxWaitTimeInMs: 100,
})
await consumer.connect()
await consumer.subscribe({ topic: TOPIC, fromBeginning: true })
let read = 0
await consumer.run({
  autoCommit: false,
  eachMessage: async ({ partition, message, heartbeat }) => {
    if (read === until) {
      await heartbeat()
      await new Promise(resolve => setTimeout(resolve, 200))
      throw new Error('one record at a time is enough') // it stays where it is, alive
    }
    read += 1
    if (read < until) return
    await consumer.commitOffsets([{ topic: TOPIC, partition, offset: String(Number(message.offset) + 1) }])
    process.stdout.write(`committed ${until}\n`)
  },
})
