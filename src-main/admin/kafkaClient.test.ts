import { afterEach, describe, expect, it } from 'vitest'
import { errorCode } from '../protocol/errors.ts'
import { CreateTopics } from '../protocol/messages/createTopics.ts'
import { FindCoordinator } from '../protocol/messages/findCoordinator.ts'
import { Metadata } from '../protocol/messages/metadata.ts'
import { ScriptedKafka } from '../simulation/kafka/scriptedKafka.ts'
import { KafkaClient } from './kafkaClient.ts'
import { KafkaError } from './kafkaError.ts'

let kafka: ScriptedKafka
let client: KafkaClient
afterEach(() => {
  client.close()
  kafka.world.close()
})

async function connected(
  given: (kafka: ScriptedKafka) => void = () => {},
  { bootstrap = [1, 2, 3] }: { bootstrap?: readonly number[] } = {},
): Promise<void> {
  kafka = new ScriptedKafka()
  given(kafka)
  await kafka.world.settle(kafka.start())
  client = new KafkaClient(kafka.world.env('client'), { bootstrapServers: bootstrap.map(id => kafka.addressOf(id)) })
}

const settle = <T>(promise: Promise<T>) => kafka.world.settle(promise)

describe('a client of a cluster', () => {
  it('finds the cluster through any of the bootstrap servers', async () => {
    await connected(() => {}, { bootstrap: [9, 8, 2] })
    expect((await settle(client.brokers())).map(({ brokerId }) => brokerId)).toEqual([1, 2, 3])
  })

  it('asks the next broker before it gives up on one that is frozen', async () => {
    await connected()
    kafka.world.freeze('broker1')
    const began = kafka.world.elapsed
    await settle(client.brokers())
    expect(kafka.world.elapsed - began).toBeLessThan(500)
  })

  it('asks a broker that failed only after all others', async () => {
    await connected()
    kafka.world.crash('broker1')
    await settle(client.brokers())
    const began = kafka.world.elapsed
    await settle(client.brokers())
    expect(kafka.world.elapsed - began).toBeLessThan(10)
    expect(kafka.asked.at(-1)?.broker).not.toBe(1)
  })

  it('goes back to the bootstrap servers when every broker it knew is gone', async () => {
    await connected(given => given.alive.splice(1, 2), { bootstrap: [1, 2] })
    await settle(client.brokers())
    kafka.world.crash('broker1')
    kafka.alive = [2]
    await settle(kafka.startBroker(2))
    expect((await settle(client.brokers())).map(({ brokerId }) => brokerId)).toEqual([2])
  })

  it('says what went wrong when nobody answers', async () => {
    await connected()
    for (const broker of ['broker1', 'broker2', 'broker3']) kafka.world.crash(broker)
    const began = kafka.world.elapsed
    await expect(settle(client.brokers())).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(kafka.world.elapsed - began).toBeLessThan(8_100)
  })

  it('lets go of a connection that nobody uses', async () => {
    await connected()
    await settle(client.brokers())
    expect(kafka.world.openConnections('client')).toBe(1)
    await kafka.world.run(61_000)
    expect(kafka.world.openConnections('client')).toBe(0)
    await settle(client.brokers())
  })

  it('never creates a topic by asking for it, and soon says that there is none', async () => {
    await connected()
    const began = kafka.world.elapsed
    await expect(settle(client.topic('orders'))).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION', isFinal: true })
    expect(kafka.world.elapsed - began).toBeLessThan(2_000)
    const requests = kafka.asked.filter(({ api }) => api === 'Metadata').map(({ request }) => request)
    expect(requests.every(request => (request as { allowAutoTopicCreation: boolean }).allowAutoTopicCreation === false)).toBe(true)
  })

  it('finds a topic that a broker learns of a moment later', async () => {
    await connected()
    const found = client.topic('orders')
    await kafka.world.run(300)
    kafka.topic('orders')
    expect((await settle(found)).name).toBe('orders')
  })

  it('remembers a topic until something contradicts it', async () => {
    await connected(given => given.topic('orders'))
    await settle(client.topic('orders'))
    await settle(client.topic('orders'))
    expect(kafka.countOf(Metadata)).toBe(1)
    client.forgetTopic('orders')
    await settle(client.topic('orders'))
    expect(kafka.countOf(Metadata)).toBe(2)
  })

  it('is not sent back to an earlier leader by a broker that is behind (KIP-320)', async () => {
    await connected(given => given.topic('orders'))
    const [partition] = kafka.topics.get('orders')!.partitions
    Object.assign(partition!, { leader: 2, leaderEpoch: 5 })
    await settle(client.topic('orders'))
    Object.assign(partition!, { leader: 1, leaderEpoch: 4 })
    const topic = await settle(client.topic('orders', { isFresh: true }))
    expect(topic.partitions[0]).toMatchObject({ leader: 2, leaderEpoch: 5 })
  })

  it('takes the leaders of a topic that was made anew as they are', async () => {
    await connected(given => given.topic('orders'))
    Object.assign(kafka.topics.get('orders')!.partitions[0]!, { leader: 2, leaderEpoch: 5 })
    await settle(client.topic('orders'))
    kafka.topic('orders', { topicId: 'anotherAAAAAAAAAAAAAAA' })
    const topic = await settle(client.topic('orders', { isFresh: true }))
    expect(topic.partitions[0]).toMatchObject({ leader: 1, leaderEpoch: 1 })
  })

  it('looks for the controller again when the one it knew is none any more', async () => {
    const answers: number[] = []
    await connected(given => {
      given.script(CreateTopics, (_, { broker }) => {
        answers.push(broker)
        const error = broker === given.controllerId ? 'NONE' : 'NOT_CONTROLLER'
        return { throttleTimeMs: 0, topics: [{ name: 'orders', errorCode: errorCode(error), errorMessage: null }] }
      })
    })
    await settle(client.brokers())
    kafka.controllerId = 3
    const create = async () => {
      const { topics } = await client.controller(CreateTopics, () => ({ topics: [] }))
      if (topics[0]?.errorCode !== 0) throw new KafkaError('NOT_CONTROLLER')
    }
    await settle(client.retrying(create))
    expect(answers).toEqual([1, 3])
  })

  it.each([
    { what: 'several groups at once', versions: [0, 5] as const },
    { what: 'one group at a time', versions: [0, 3] as const },
    { what: 'groups only', versions: [0, 0] as const },
  ])('asks for a coordinator where brokers know $what', async ({ versions }) => {
    await connected(given => {
      given.limit(FindCoordinator, versions)
      given.script(FindCoordinator, ({ coordinatorKeys, key }, { apiVersion }) => {
        const found = { nodeId: 2, ...given.addressOf(2), errorCode: 0, errorMessage: null }
        return apiVersion >= 4
          ? { coordinators: coordinatorKeys.map(each => ({ key: each, ...found })) }
          : { ...found, ...(key === 'billing' ? {} : { nodeId: -1 }) }
      })
    })
    expect(await settle(client.coordinatorOf('billing'))).toBe(2)
    expect(await settle(client.coordinatorOf('billing'))).toBe(2)
    expect(kafka.countOf(FindCoordinator)).toBe(1)
  })

  it('says so when a broker does not know a question', async () => {
    await connected()
    const asked = client.broker(1, 'query', CreateTopics, () => ({ topics: [] }))
    await expect(settle(asked)).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION', isFinal: true })
  })

  it('fails what is under way when it is closed', async () => {
    await connected()
    await settle(client.brokers())
    kafka.world.freeze('broker1')
    const asked = client.broker(1, 'query', Metadata, () => ({ topics: null }))
    await kafka.world.run(10)
    client.close()
    await expect(settle(asked)).rejects.toMatchObject({ code: 'ECONNABORTED' })
    await expect(settle(client.brokers(client.deadline(100)))).rejects.toMatchObject({ code: 'ECONNABORTED' })
  })
})
