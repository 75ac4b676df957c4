import type { Placement, ReassignmentList } from '../../contract/reassignments.ts'
import { DescribeConfigs } from '../../protocol/messages/describeConfigs.ts'
import { IncrementalAlterConfigs } from '../../protocol/messages/incrementalAlterConfigs.ts'
import type { RequestInput } from '../../protocol/schema.ts'
import { oneConfigOf } from '../configs.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { throwIfRefused } from '../kafkaError.ts'
import { unlessUnknown } from '../topicSurvey.ts'

/** Kafka's two ends of copying (KIP-73). */
const SIDES = ['leader', 'follower'] as const
const RATES = SIDES.map(side => `${side}.replication.throttled.rate`)
const REPLICAS = SIDES.map(side => `${side}.replication.throttled.replicas`)
const TOPIC = 2
const BROKER = 4
const [SET, DELETE, APPEND] = [0, 1, 2]
/** Set on the broker, or for all brokers: what is in force by default is no throttle. */
const SET_BY_SOMEBODY = new Set([2, 3])
const TIMEOUT_MS = 2_500

type Resources = RequestInput<typeof IncrementalAlterConfigs>['resources']

/** Has brokers copy these replicas no faster than that, added to what is throttled already: as Kafka's own tool does it. */
export async function throttle(
  client: KafkaClient,
  moves: readonly (Placement & { readonly now: readonly number[] })[],
  bytesPerSecond: number,
): Promise<void> {
  const brokers = await client.brokers()
  const rates = RATES.map(name => ({ name, configOperation: SET, value: String(bytesPerSecond) }))
  const byTopic = [...Map.groupBy(moves, ({ topic }) => topic)]
  await alter(client, [
    ...brokers.map(({ brokerId }) => ({ resourceType: BROKER, resourceName: String(brokerId), configs: rates })),
    ...byTopic.flatMap(([resourceName, ofTopic]) => {
      const listed = (of: (move: (typeof moves)[number]) => readonly number[]) =>
        ofTopic.flatMap(move => of(move).map(id => `${move.partition}:${id}`)).join(',')
      const values = [listed(({ now }) => now), listed(({ now, replicas }) => replicas.filter(id => !now.includes(id)))]
      const configs = REPLICAS.flatMap((name, index) =>
        values[index] === '' ? [] : [{ name, configOperation: APPEND, value: values[index]! }],
      )
      return configs.length === 0 ? [] : [{ resourceType: TOPIC, resourceName, configs }]
    }),
  ])
}

/** What holds copying back, as the brokers that answer say. */
export async function throttleInForce(client: KafkaClient): Promise<ReassignmentList['throttle']> {
  const brokers = await client.brokers()
  const rates = await Promise.all(brokers.map(({ brokerId }) => unlessUnknown(rateOf(client, brokerId))))
  const known = rates.filter(rate => rate !== undefined && rate !== null)
  return known.length === 0 ? null : { bytesPerSecond: Math.min(...known), topics: await throttledTopics(client) }
}

/** Takes away every throttle there is. */
export async function unthrottle(client: KafkaClient): Promise<void> {
  const [brokers, topics] = await Promise.all([client.brokers(), throttledTopics(client)])
  const without = (names: readonly string[]) => names.map(name => ({ name, configOperation: DELETE, value: null }))
  await alter(client, [
    ...topics.map(resourceName => ({ resourceType: TOPIC, resourceName, configs: without(REPLICAS) })),
    ...brokers.map(({ brokerId }) => ({ resourceType: BROKER, resourceName: String(brokerId), configs: without(RATES) })),
  ])
}

async function rateOf(client: KafkaClient, brokerId: number): Promise<number | null> {
  const resources = [{ resourceType: BROKER, resourceName: String(brokerId), configurationKeys: RATES }]
  const { results } = await client.broker(brokerId, 'query', DescribeConfigs, () => ({ resources }), { timeoutMs: TIMEOUT_MS })
  const set = results
    .flatMap(({ configs }) => configs)
    .filter(({ configSource, value }) => SET_BY_SOMEBODY.has(configSource) && value !== null)
    .map(({ value }) => Number(value))
  return set.length === 0 ? null : Math.min(...set)
}

async function throttledTopics(client: KafkaClient): Promise<string[]> {
  const { topics } = await client.cluster()
  const names = topics.filter(({ error }) => error === 'NONE').map(({ name }) => name)
  const lists = await Promise.all(REPLICAS.map(config => oneConfigOf(client, names, config)))
  return names.filter(name => lists.some(list => (list.get(name) ?? '') !== ''))
}

async function alter(client: KafkaClient, resources: Resources): Promise<void> {
  if (resources.length === 0) return
  await client.retrying(async () => {
    const { responses } = await client.controller(IncrementalAlterConfigs, () => ({ resources, validateOnly: false }))
    for (const { errorCode, errorMessage } of responses) throwIfRefused(errorCode, errorMessage)
  })
}
