import type { Placement, ReassignmentList } from '../../contract/reassignments.ts'
import { DescribeConfigs } from '../../protocol/messages/describeConfigs.ts'
import { IncrementalAlterConfigs } from '../../protocol/messages/incrementalAlterConfigs.ts'
import type { RequestInput } from '../../protocol/schema.ts'
import { oneConfigOf } from '../configs.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { isTransient, KafkaError, throwIfRefused } from '../kafkaError.ts'
import { unlessUnknown } from '../topicSurvey.ts'
import type { KeptThrottle } from './keptThrottle.ts'

/** Kafka's two ends of copying (KIP-73). */
const SIDES = ['leader', 'follower'] as const
const RATES = SIDES.map(side => `${side}.replication.throttled.rate`)
const REPLICAS = SIDES.map(side => `${side}.replication.throttled.replicas`)
const TOPIC = 2
const BROKER = 4
const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3]
/** Set on the broker, or for all brokers: what is in force by default is no throttle. */
const SET_BY_SOMEBODY = new Set([2, 3])
const TIMEOUT_MS = 2_500

type Resources = RequestInput<typeof IncrementalAlterConfigs>['resources']

/** What throttling these moves takes. Sets nothing. */
export async function plannedThrottle(
  client: KafkaClient,
  placements: readonly Placement[],
  bytesPerSecond: number,
): Promise<KeptThrottle> {
  const { brokers, topics } = await client.cluster()
  const now = new Map(topics.flatMap(({ name, partitions }) => partitions.map(each => [`${name} ${each.partition}`, each.replicas])))
  const entries = (partition: number, ids: readonly number[]) => ids.map(id => `${partition}:${id}`)
  return {
    rates: brokers.map(({ brokerId }) => ({ brokerId, bytesPerSecond })),
    topics: [...Map.groupBy(placements, ({ topic }) => topic)].map(([topic, own]) => {
      const moves = own.map(each => ({ ...each, now: now.get(`${topic} ${each.partition}`) ?? [] }))
      return {
        topic,
        leader: moves.flatMap(move => entries(move.partition, move.now)),
        follower: moves.flatMap(move =>
          entries(
            move.partition,
            move.replicas.filter(id => !move.now.includes(id)),
          ),
        ),
      }
    }),
    moves: placements.map(({ topic, partition }) => ({ topic, partition })),
  }
}

/** Has brokers copy these replicas no faster than that, added to what is throttled already: as Kafka's own tool does it. */
export async function setThrottle(client: KafkaClient, { rates, topics }: KeptThrottle): Promise<void> {
  await alter(client, [
    ...rates.map(({ brokerId, bytesPerSecond }) => ({
      resourceType: BROKER,
      resourceName: String(brokerId),
      configs: RATES.map(name => ({ name, configOperation: SET, value: String(bytesPerSecond) })),
    })),
    ...topics.flatMap(({ topic, ...lists }) => {
      const configs = SIDES.flatMap((side, index) =>
        lists[side].length === 0 ? [] : [{ name: REPLICAS[index]!, configOperation: APPEND, value: lists[side].join(',') }],
      )
      return configs.length === 0 ? [] : [{ resourceType: TOPIC, resourceName: topic, configs }]
    }),
  ])
}

/** Takes away what was set, and nothing that others set: their replicas stay listed, and then rates stay too; so do rates that are not those. */
export async function removeThrottle(client: KafkaClient, kept: KeptThrottle): Promise<void> {
  const { topics } = await client.cluster()
  const living = new Set(topics.filter(({ error }) => error === 'NONE').map(({ name }) => name))
  const ours = kept.topics.filter(({ topic }) => living.has(topic))
  const lists = await Promise.all(
    REPLICAS.map(config =>
      oneConfigOf(
        client,
        ours.map(({ topic }) => topic),
        config,
      ),
    ),
  )
  await alter(
    client,
    ours.map(({ topic, ...own }) => ({
      resourceType: TOPIC,
      resourceName: topic,
      configs: SIDES.map((side, index) => without(REPLICAS[index]!, lists[index]!.get(topic) ?? '', own[side])),
    })),
  )
  if ((await throttledTopics(client)).length > 0) return
  const alive = new Set((await client.brokers()).map(({ brokerId }) => brokerId))
  for (const { brokerId, bytesPerSecond } of kept.rates) {
    const rate = alive.has(brokerId) ? await rateOf(client, brokerId) : undefined
    // What a broker that is not there was told lies with the controller; a broker that is gone for good was told nothing.
    if (rate === undefined) await unlessRefused(alter(client, [withoutRates(brokerId)]))
    else if (rate === bytesPerSecond) await alter(client, [withoutRates(brokerId)])
  }
}

/** An empty list would stay as an override of the topic, so that the last entries go with it. */
function without(name: string, list: string, ours: readonly string[]) {
  const isAll = list.split(',').every(entry => entry === '' || ours.includes(entry))
  return isAll ? { name, configOperation: DELETE, value: null } : { name, configOperation: SUBTRACT, value: ours.join(',') }
}

const withoutRates = (brokerId: number) => ({
  resourceType: BROKER,
  resourceName: String(brokerId),
  configs: RATES.map(name => ({ name, configOperation: DELETE, value: null })),
})

async function unlessRefused(altering: Promise<void>): Promise<void> {
  try {
    await altering
  } catch (problem) {
    if (!(problem instanceof KafkaError) || isTransient(problem)) throw problem
  }
}

/** The slowest rate of all brokers, and the topics whose replicas it is about. */
export type ThrottleInForce = Omit<NonNullable<ReassignmentList['throttle']>, 'removal'>

/** What holds copying back, as the brokers that answer say. */
export async function throttleInForce(client: KafkaClient): Promise<ThrottleInForce | null> {
  const brokers = await client.brokers()
  const rates = await Promise.all(brokers.map(({ brokerId }) => unlessUnknown(rateOf(client, brokerId))))
  const known = rates.filter(rate => rate !== undefined && rate !== null)
  return known.length === 0 ? null : { bytesPerSecond: Math.min(...known), topics: await throttledTopics(client) }
}

/** Takes away every throttle there is. */
export async function unthrottle(client: KafkaClient): Promise<void> {
  const [brokers, topics] = await Promise.all([client.brokers(), throttledTopics(client)])
  const configs = REPLICAS.map(name => ({ name, configOperation: DELETE, value: null }))
  await alter(client, [
    ...topics.map(resourceName => ({ resourceType: TOPIC, resourceName, configs })),
    ...brokers.map(({ brokerId }) => withoutRates(brokerId)),
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
