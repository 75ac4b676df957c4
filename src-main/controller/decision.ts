import type { Random } from '../env/env.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { errorCode, errorMessage, type ErrorName } from '../protocol/errors.ts'
import type { MetadataRecord } from '../protocol/messages/metadataRecords.ts'

/** What the controller decided: records that make it so, all of them or none, and what to say once they are committed. */
export interface Decision<Reply> {
  readonly records: readonly MetadataRecord[]
  readonly reply: Reply
}

/** What a decision may look at. Deciding changes none of it. */
export interface ControllerState {
  /** The newest state, committed or not: everything decided so far is in it. */
  readonly image: MetadataImage
  /** The offset that the first record of this decision will have. */
  readonly nextOffset: number
  /** Whether a broker has spoken to this controller itself, and lately. A controller that has just taken over knows brokers from the log, too. */
  readonly isHeard: (brokerId: number) => boolean
  readonly settings: ControllerSettings
  readonly random: Random
}

/** The part of the server's configuration that decisions depend on. */
export interface ControllerSettings {
  readonly clusterId: string
  readonly numPartitions: number
  readonly defaultReplicationFactor: number
  readonly deleteTopicEnable: boolean
  /** What the brokers were started with, as text: topic configs take their defaults from it. */
  readonly staticConfigs: ReadonlyMap<string, string>
}

/** No change, only an answer. */
export function refuse<Reply>(reply: Reply): Decision<Reply> {
  return { records: [], reply }
}

/** Why one part of a request is not done. */
export interface Refusal {
  readonly error: ErrorName
  readonly message: string
}

export function refusal(error: ErrorName, message?: string): Refusal {
  return { error, message: message ?? errorMessage(error) ?? error }
}

export function isRefusal(value: object): value is Refusal {
  return 'error' in value && 'message' in value
}

/** As responses carry it. */
export function refused({ error, message }: Refusal): { readonly errorCode: number; readonly errorMessage: string } {
  return { errorCode: errorCode(error), errorMessage: message }
}

/** As responses carry the absence of errors. */
export const accepted: { readonly errorCode: number; readonly errorMessage: null } = { errorCode: 0, errorMessage: null }

/** Most partitions that one request may make; above, it would be one huge batch that nobody meant. */
export const MAX_PARTITIONS_PER_REQUEST = 10_000
/** With what else belongs to them. Differs from Kafka, which stops at 10,000 records, and thereby at 9,999 partitions of a topic. */
export const MAX_RECORDS_PER_REQUEST = 20_000

/** The values that occur more than once. */
export function repeated<T>(values: readonly T[]): Set<T> {
  const seen = new Set<T>()
  return new Set(values.filter(value => seen.size === seen.add(value).size))
}

/** The same values in the same order. */
export function isSame<T extends number | string>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index])
}
