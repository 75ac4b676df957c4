import type { Saying, SayingKind } from '../../contract/metadataLog.ts'
import { configResourceType } from '../../metadata/configResource.ts'
import type { MetadataImage, PartitionImage } from '../../metadata/image.ts'
import type { ControlRecord, UnknownControlRecord } from '../../protocol/messages/controlRecords.ts'
import type { MetadataRecord, UnknownMetadataRecord } from '../../protocol/messages/metadataRecords.ts'
import { HIDDEN, isSecretConfig } from '../dump/decodeContents.ts'
import { sayingsOfPartition } from './partitionSayings.ts'

/** A record of the log, decoded: metadata, or what the quorum writes for itself. */
export type LoggedRecord =
  | { readonly kind: 'metadata'; readonly record: MetadataRecord | UnknownMetadataRecord }
  | { readonly kind: 'control'; readonly record: ControlRecord | UnknownControlRecord }

/** What a record is about, and what it did. */
export interface Told {
  readonly topic: string | null
  readonly partition: number | null
  readonly brokers: readonly number[]
  readonly says: readonly Saying[]
}

/** What has to be known of the state before the record, which is gone once the record was applied. */
export interface Before {
  readonly partition: PartitionImage | undefined
  readonly topic: string | undefined
  readonly config: string | undefined
  readonly acl: string | undefined
}

type Values = Saying['values']

export function saying(kind: SayingKind, values: Values = {}): Saying {
  return { kind, values }
}

const about = (says: readonly Saying[], given: Partial<Omit<Told, 'says'>> = {}): Told => ({
  topic: null,
  partition: null,
  brokers: [],
  ...given,
  says,
})
const one = (kind: SayingKind, values: Values = {}, given: Partial<Omit<Told, 'says'>> = {}) => about([saying(kind, values)], given)
const ofBroker = (kind: SayingKind, broker: number, values: Values = {}) => one(kind, { broker, ...values }, { brokers: [broker] })

export function beforeRecord(image: MetadataImage, record: MetadataRecord): Before {
  const topicId = 'topicId' in record ? record.topicId : undefined
  return {
    partition: topicId !== undefined && 'partitionId' in record ? image.partition(topicId, record.partitionId) : undefined,
    topic: topicId === undefined ? undefined : image.topicsById.get(topicId)?.name,
    config:
      record.type === 'ConfigRecord' ? image.configs.get(`${record.resourceType}:${record.resourceName}`)?.get(record.name) : undefined,
    acl: record.type === 'RemoveAccessControlEntryRecord' ? image.acls.get(record.id)?.principal : undefined,
  }
}

/** `image` is the one with the record. */
export function toldOf(record: MetadataRecord, before: Before, image: MetadataImage): Told {
  switch (record.type) {
    case 'TopicRecord':
      return one('topicCreated', { topic: record.name }, { topic: record.name })
    case 'RemoveTopicRecord':
      return one('topicDeleted', { topic: before.topic ?? record.topicId }, { topic: before.topic ?? null })
    case 'PartitionRecord':
    case 'PartitionChangeRecord': {
      const topic = image.topicsById.get(record.topicId)?.name ?? null
      const after = image.partition(record.topicId, record.partitionId)
      const { says, brokers } = after === undefined ? { says: [saying('other')], brokers: [] } : sayingsOfPartition(before.partition, after)
      return about(says, { topic, partition: record.partitionId, brokers })
    }
    case 'ClearElrRecord':
      return one('eligibleCleared', { topic: record.topicName }, { topic: record.topicName === '' ? null : record.topicName })
    case 'RegisterBrokerRecord': {
      const [at] = record.endPoints
      const address = at === undefined ? '' : `${at.host}:${at.port}`
      return ofBroker('brokerRegistered', record.brokerId, { address, epoch: record.brokerEpoch })
    }
    case 'UnregisterBrokerRecord':
      return ofBroker('brokerUnregistered', record.brokerId)
    case 'FenceBrokerRecord':
      return ofBroker('brokerFenced', record.id)
    case 'UnfenceBrokerRecord':
      return ofBroker('brokerUnfenced', record.id)
    case 'BrokerRegistrationChangeRecord':
      return about(registrationSayings(record), { brokers: [record.brokerId] })
    case 'ConfigRecord':
      return configTold(record, before)
    case 'FeatureLevelRecord':
      return one('featureLevel', { name: record.name, level: record.featureLevel })
    case 'ClientQuotaRecord': {
      const entity = record.entity.map(({ entityType, entityName }) => `${entityType} ${entityName ?? 'default'}`).join(', ')
      return record.remove
        ? one('quotaRemoved', { entity, key: record.key })
        : one('quotaSet', { entity, key: record.key, value: record.value })
    }
    case 'UserScramCredentialRecord':
      return one('scramSet', { user: record.name, iterations: record.iterations })
    case 'RemoveUserScramCredentialRecord':
      return one('scramRemoved', { user: record.name })
    case 'AccessControlEntryRecord':
      return one('aclAdded', { principal: record.principal, resource: record.resourceName })
    case 'RemoveAccessControlEntryRecord':
      return one('aclRemoved', { principal: before.acl ?? record.id })
    case 'ProducerIdsRecord':
      return one(
        'producerIds',
        { broker: record.brokerId, next: record.nextProducerId },
        { brokers: record.brokerId < 0 ? [] : [record.brokerId] },
      )
    case 'RegisterControllerRecord':
      return ofBroker('controllerRegistered', record.controllerId)
    case 'UnregisterControllerRecord':
      return ofBroker('controllerUnregistered', record.controllerId)
    case 'BeginTransactionRecord':
    case 'EndTransactionRecord':
    case 'AbortTransactionRecord':
      return one('transaction', { type: record.type })
    case 'NoOpRecord':
      return one('nothing')
    default:
      return one('other', { type: record.type })
  }
}

export function toldOfControl(record: ControlRecord | UnknownControlRecord): Told {
  switch (record.type) {
    case 'leaderChange': {
      const votes = record.grantingVoters.map(({ voterId }) => voterId).join(', ')
      return one('quorumLeader', { leader: record.leaderId, votes }, { brokers: [record.leaderId] })
    }
    case 'kraftVoters': {
      const voters = record.voters.map(({ voterId }) => voterId)
      return one('quorumVoters', { voters: voters.join(', ') }, { brokers: voters })
    }
    case 'kraftVersion':
      return one('quorumVersion', { version: record.kRaftVersion })
    default:
      return one('other', { type: record.type })
  }
}

export function toldOfUnknown({ recordType, version }: UnknownMetadataRecord): Told {
  return one('unknown', { recordType, version })
}

/** 1 says yes, -1 no, 0 nothing. */
function registrationSayings({
  brokerId: broker,
  fenced,
  inControlledShutdown,
  logDirs,
}: MetadataRecord<'BrokerRegistrationChangeRecord'>): Saying[] {
  return [
    ...(fenced === 0 ? [] : [saying(fenced > 0 ? 'brokerFenced' : 'brokerUnfenced', { broker })]),
    ...(inControlledShutdown === 0 ? [] : [saying(inControlledShutdown > 0 ? 'brokerLeaving' : 'brokerStays', { broker })]),
    ...(logDirs.length === 0 ? [] : [saying('brokerDirectories', { broker, n: logDirs.length })]),
  ]
}

function configTold({ resourceType, resourceName, name, value }: MetadataRecord<'ConfigRecord'>, { config }: Before): Told {
  const isTopic = resourceType === configResourceType.TOPIC
  const brokerId = resourceType === configResourceType.BROKER && resourceName !== '' ? Number(resourceName) : undefined
  const shown = (text: string) => (isSecretConfig(name) ? HIDDEN : text)
  const values = { name, resource: resourceName === '' ? '*' : resourceName, before: config === undefined ? '' : shown(config) }
  return one(value === null ? 'configUnset' : 'configSet', value === null ? values : { ...values, value: shown(value) }, {
    topic: isTopic ? resourceName : null,
    brokers: brokerId === undefined || !Number.isSafeInteger(brokerId) ? [] : [brokerId],
  })
}

/** Leaders and in-sync replicas lost, brokers gone: what somebody looks for who wants to know what went wrong. */
export const isTrouble = (kind: SayingKind): boolean =>
  kind === 'leaderGone' || kind === 'isrShrunk' || kind === 'brokerFenced' || kind === 'leaderMoved' || kind === 'quorumLeader'
