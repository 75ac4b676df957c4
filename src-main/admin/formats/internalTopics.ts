import { decodeAssignment, decodeSubscription } from '../../protocol/messages/consumerProtocol.ts'
import { decodeGroupRecord, type GroupMetadataValue } from '../../protocol/messages/groupRecords.ts'
import { type ClassicMember, decodeNewerGroupRecord } from '../../protocol/messages/newerGroupRecords.ts'
import { decodeMetadataRecord } from '../../protocol/messages/metadataRecords.ts'
import { decodeTransactionRecord, type TransactionLogValue } from '../../protocol/messages/transactionRecords.ts'
import { MalformedMessage } from '../../protocol/byteReader.ts'
import type { DecodeProblem } from '../../contract/formats.ts'
import type { DecodeContext } from './decoded.ts'
import { hexOf, integerOf } from './jsonAble.ts'
import type { Read } from './javaSerializers.ts'

export type InternalFormat = 'consumerOffsets' | 'transactionState' | 'clusterMetadata'

const FORMATS: Readonly<Record<string, InternalFormat>> = {
  __consumer_offsets: 'consumerOffsets',
  __transaction_state: 'transactionState',
  __cluster_metadata: 'clusterMetadata',
}

/** Kafka's own topics have records of Kafka's own. */
export const internalFormatOf = (topic: string): InternalFormat | undefined => (Object.hasOwn(FORMATS, topic) ? FORMATS[topic] : undefined)

/** A part of a record of one of Kafka's own topics. What a value is, its key says. Throws `MalformedMessage`. */
export function decodeInternal(format: InternalFormat, bytes: Buffer, { part, key }: DecodeContext): Read {
  if (format === 'clusterMetadata') return metadataRecord(bytes)
  const recordKey = part === 'key' ? bytes : key
  const value = part === 'key' ? null : bytes
  if (recordKey === null) return unknownRecord('a record without a key')
  return format === 'consumerOffsets' ? groupRecord(recordKey, value) : transactionRecord(recordKey, value)
}

const unknownRecord = (what: string): { readonly problem: DecodeProblem } => ({ problem: { code: 'unknownRecord', details: { what } } })

function metadataRecord(bytes: Buffer): Read {
  const record = decodeMetadataRecord(bytes)
  return record.type === 'UnknownRecord'
    ? unknownRecord(`type ${record.recordType}, version ${record.version}`)
    : { value: withReadableBytes(record) }
}

function groupRecord(key: Buffer, value: Buffer | null): Read {
  const record = decodeGroupRecord(key, value)
  if (record.type === 'unknown') return newerGroupRecord(key, value)
  if (value === null || record.value === null) {
    const { value: _, ...named } = record
    return { value: named }
  }
  const version = value.readInt16BE()
  return {
    value: withReadableBytes({ version, ...(record.type === 'offsetCommit' ? record.value : withMembers(record.value)) }),
  }
}

function newerGroupRecord(key: Buffer, value: Buffer | null): Read {
  const record = decodeNewerGroupRecord(key, value)
  if (!('group' in record))
    return unknownRecord(record.name === undefined ? `type ${record.recordType}` : `type ${record.recordType}, ${record.name}`)
  const { value: held, ...named } = record
  if (value === null || held === null) return { value: named }
  return { value: withReadableBytes({ version: value.readInt16BE(), ...withSubscriptions(held) }) }
}

/** A member that still speaks the classic protocol says what it wants in bytes of the protocol of consumers. */
function withSubscriptions(held: object): object {
  const member = 'classicMemberMetadata' in held ? (held.classicMemberMetadata as ClassicMember | null) : null
  if (member === null) return held
  const supportedProtocols = member.supportedProtocols.map(each => ({ ...each, metadata: orBytes(each.metadata, decodeSubscription) }))
  return { ...held, classicMemberMetadata: { ...member, supportedProtocols } }
}

/** What members say in bytes of their own, as far as it is the protocol of consumers. */
function withMembers(group: GroupMetadataValue): object {
  if (group.protocolType !== 'consumer') return group
  const members = group.members.map(member => ({
    ...member,
    subscription: orBytes(member.subscription, decodeSubscription),
    assignment: orBytes(member.assignment, decodeAssignment),
  }))
  return { ...group, members }
}

/** A client may send anything there. */
function orBytes(bytes: Buffer, decode: (bytes: Buffer) => unknown): unknown {
  try {
    return decode(bytes)
  } catch (problem) {
    if (!(problem instanceof MalformedMessage)) throw problem
    return bytes
  }
}

const STATUSES = ['Empty', 'Ongoing', 'PrepareCommit', 'PrepareAbort', 'CompleteCommit', 'CompleteAbort', 'Dead', 'PrepareEpochFence']

function transactionRecord(key: Buffer, value: Buffer | null): Read {
  const record = decodeTransactionRecord(key, value)
  if (record === undefined) return unknownRecord(`type ${key.readInt16BE()}`)
  const { transactionalId, value: state } = record
  if (value === null || state === null) return { value: { type: 'transaction', transactionalId } }
  return { value: { version: value.readInt16BE(), ...withStatus(state) } }
}

const withStatus = (state: TransactionLogValue) => ({
  ...state,
  transactionStatus: STATUSES[state.transactionStatus] ?? state.transactionStatus,
})

function withReadableBytes(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return hexOf(value)
  if (typeof value === 'bigint') return integerOf(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withReadableBytes)
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withReadableBytes(each)]))
}
