import { afterEach, beforeEach, expect, it } from 'vitest'
import { ELIGIBLE_LEADERS_FEATURE, METADATA_VERSION_FEATURE } from '../../metadata/features.ts'
import { errorName } from '../../protocol/errors.ts'
import { AlterClientQuotas } from '../../protocol/messages/alterClientQuotas.ts'
import { AlterPartitionReassignments } from '../../protocol/messages/alterPartitionReassignments.ts'
import { AlterUserScramCredentials } from '../../protocol/messages/alterUserScramCredentials.ts'
import { ApiVersions } from '../../protocol/messages/apiVersions.ts'
import { DescribeClientQuotas } from '../../protocol/messages/describeClientQuotas.ts'
import { DescribeUserScramCredentials } from '../../protocol/messages/describeUserScramCredentials.ts'
import { ListPartitionReassignments } from '../../protocol/messages/listPartitionReassignments.ts'
import { UnregisterBroker } from '../../protocol/messages/unregisterBroker.ts'
import { UpdateFeatures } from '../../protocol/messages/updateFeatures.ts'
import type { AnyApi, RequestInput, ResponseOf } from '../../protocol/schema.ts'
import { AClient } from './aClient.ts'
import { SimulatedCluster } from './simulatedCluster.ts'

let cluster: SimulatedCluster
let client: AClient

beforeEach(async () => {
  const settings = { 'metadata.log.max.record.bytes.between.snapshots': '3000', 'metadata.max.retention.bytes': '1' }
  cluster = new SimulatedCluster({ seed: 4, settings, settingsOf: id => ({ 'broker.rack': `rack-${id % 2}` }) })
  client = new AClient(cluster)
  await cluster.world.settle(cluster.start())
})
afterEach(() => cluster.close())

function ask<A extends AnyApi>(id: number, api: A, request: RequestInput<A>): Promise<ResponseOf<A>> {
  return cluster.world.settle(cluster.ask(id, api, request))
}

async function setQuota(through: number, user: string, value: number): Promise<string> {
  const ops = [{ key: 'producer_byte_rate', value, remove: false }]
  const entity = [{ entityType: 'user', entityName: user }]
  const { entries } = await ask(through, AlterClientQuotas, { entries: [{ entity, ops }], validateOnly: false })
  return errorName(entries[0]!.errorCode)
}

async function quotasAt(id: number): Promise<string[]> {
  const { entries } = await ask(id, DescribeClientQuotas, { components: [], strict: false })
  return entries!.flatMap(({ entity, values }) => values.map(({ key, value }) => `${entity[0]!.entityName} ${key} ${value}`))
}

async function setCredential(through: number, name: string, mechanism: number, iterations = 4096): Promise<string> {
  const upsertion = { name, mechanism, iterations, salt: Buffer.from('salt'), saltedPassword: Buffer.from('salted') }
  const { results } = await ask(through, AlterUserScramCredentials, { deletions: [], upsertions: [upsertion] })
  return errorName(results[0]!.errorCode)
}

async function credentialsAt(id: number): Promise<string[]> {
  const { results } = await ask(id, DescribeUserScramCredentials, { users: null })
  return results.flatMap(({ user, credentialInfos }) =>
    credentialInfos.map(({ mechanism, iterations }) => `${user} ${mechanism} ${iterations}`),
  )
}

it('keeps quotas and credentials: told at once by the broker that was asked, by all soon, and by a cluster that started again', async () => {
  expect(await setQuota(1, 'alice', 1000)).toBe('NONE')
  expect(await quotasAt(1)).toEqual(['alice producer_byte_rate 1000'])
  expect(await setCredential(2, 'alice', 1)).toBe('NONE')
  expect(await credentialsAt(2)).toEqual(['alice 1 4096'])
  expect(await setCredential(3, 'alice', 3)).toBe('UNSUPPORTED_SASL_MECHANISM')
  await client.createTopic('orders', { partitions: 60 }) // so much that the metadata is in a snapshot soon
  await cluster.world.run(2000)
  for (const { id } of cluster.brokers) {
    expect([await quotasAt(id), await credentialsAt(id)]).toEqual([['alice producer_byte_rate 1000'], ['alice 1 4096']])
  }

  for (const { id } of cluster.brokers) cluster.kill(id)
  await cluster.world.settle(cluster.start())
  expect([await quotasAt(3), await credentialsAt(3)]).toEqual([['alice producer_byte_rate 1000'], ['alice 1 4096']])
  const deletions = [{ name: 'alice', mechanism: 1 }]
  await ask(3, AlterUserScramCredentials, { deletions, upsertions: [] })
  expect(await credentialsAt(3)).toEqual([])
})

it('moves features, in every version of the request, and tells clients', async () => {
  const levelsAt = async (id: number) => {
    const told = await ask(id, ApiVersions, { clientSoftwareName: 'test', clientSoftwareVersion: '1' })
    return Object.fromEntries(told.finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel]))
  }
  const update = async (version: number, feature: string, maxVersionLevel: number, how: object) => {
    const connection = await cluster.world.settle(cluster.connect(1))
    const request = { featureUpdates: [{ feature, maxVersionLevel, ...how }] }
    const response = await cluster.world.settle(connection.send(UpdateFeatures, request, { version }))
    connection.close()
    return [errorName(response.errorCode), ...response.results.map(each => `${each.feature} ${errorName(each.errorCode)}`)]
  }
  expect(await levelsAt(1)).toEqual({ [METADATA_VERSION_FEATURE]: 25, [ELIGIBLE_LEADERS_FEATURE]: 1 })
  expect(await update(2, METADATA_VERSION_FEATURE, 29, { upgradeType: 1 })).toEqual(['NONE'])
  expect(await levelsAt(1)).toMatchObject({ [METADATA_VERSION_FEATURE]: 29 })
  expect(await update(1, METADATA_VERSION_FEATURE, 27, { upgradeType: 2 })).toEqual(['NONE', `${METADATA_VERSION_FEATURE} NONE`])
  expect(await update(0, ELIGIBLE_LEADERS_FEATURE, 0, {})).toEqual(['INVALID_UPDATE_VERSION'])
  expect(await update(0, ELIGIBLE_LEADERS_FEATURE, 0, { allowDowngrade: true })).toEqual(['NONE', `${ELIGIBLE_LEADERS_FEATURE} NONE`])
  expect(await levelsAt(1)).toEqual({ [METADATA_VERSION_FEATURE]: 27 })
})

it('takes a broker back that was removed while it lives, and what it leads goes on', async () => {
  await client.createTopic('orders', { partitions: 3 })
  expect((await client.produce('orders', 'before', { partition: 0 })).error).toBe('NONE')
  const { brokerEpoch } = cluster.broker(2).server!.lifecycle
  const { errorCode } = await ask(1, UnregisterBroker, { brokerId: 2 })
  expect(errorName(errorCode)).toBe('NONE')
  await cluster.world.run(() => cluster.isInSync && cluster.broker(2).server!.lifecycle.brokerEpoch > brokerEpoch)
  for (const partition of [0, 1, 2]) expect((await client.produce('orders', 'after', { partition })).error).toBe('NONE')
})

it('forgets a broker that is gone', async () => {
  await client.createTopic('orders', { partitions: 3 })
  cluster.kill(3)
  expect(errorName((await ask(1, UnregisterBroker, { brokerId: 3 })).errorCode)).toBe('NONE')
  expect(errorName((await ask(1, UnregisterBroker, { brokerId: 3 })).errorCode)).toBe('BROKER_ID_NOT_REGISTERED')
  for (const partition of [0, 1, 2]) expect((await client.produce('orders', 'after', { partition })).error).toBe('NONE')
  expect([...cluster.broker(1).server!.metadata.image.brokers.keys()].toSorted()).toEqual([1, 2])
})

it('places replicas over the racks that brokers say they are in', async () => {
  await client.createTopic('orders', { partitions: 12, replicas: 2 })
  const { partitions } = cluster.broker(1).server!.metadata.image.topicsByName.get('orders')!
  // Brokers 1 and 3 are in the same rack, and broker 2 alone in the other.
  for (const { replicas } of partitions) expect(replicas).toContain(2)
  expect(partitions.filter(({ leader }) => leader === 2)).toHaveLength(4)
})

it('tells of a move from when it was begun, also where the news of it has not come yet', async () => {
  await client.createTopic('orders', { replicas: 1 })
  const controller = cluster.broker(1).server!.quorum.leaderId!
  const behind = cluster.brokers.map(({ id }) => id).find(id => id !== controller && id !== client.leaderOf('orders'))!
  cluster.world.slow(cluster.broker(controller).name, cluster.broker(behind).name, { latencyMs: [40, 50] })
  const partitions = [{ partitionIndex: 0, replicas: [behind] }]
  const begun = await ask(controller, AlterPartitionReassignments, { timeoutMs: 5_000, topics: [{ name: 'orders', partitions }] })
  expect(errorName(begun.errorCode)).toBe('NONE')
  const told = await ask(behind, ListPartitionReassignments, { timeoutMs: 5_000, topics: null })
  expect(told).toMatchObject({ errorCode: 0, topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, addingReplicas: [behind] }] }] })
})
