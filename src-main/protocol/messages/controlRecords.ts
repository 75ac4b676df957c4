/**
 * The records of control batches, which no consumer sees. Key: int16 version, int16 type. Value: for transaction markers an int16 version
 * and the coordinator's epoch; for the quorum's own records a flexible struct whose first field is its version.
 */
import { ZERO_UUID } from '../../base/uuid.ts'
import { ByteReader } from '../byteReader.ts'
import { written } from '../byteWriter.ts'
import { array, type Codec, type In, int16, int32, int64, type Out, since, string, struct, uint16, uuid, versionOf } from '../schema.ts'

const voter = { voterId: int32, voterDirectoryId: since(1, uuid, ZERO_UUID) }

const marker = { coordinatorEpoch: int32 }
const leaderChange = { version: int16, leaderId: int32, voters: array(voter), grantingVoters: array(voter) }
const snapshotHeader = { version: int16, lastContainedLogTimestamp: int64 }
const snapshotFooter = { version: int16 }
const kraftVersion = { version: int16, kRaftVersion: int16 }
const kraftVoters = {
  version: int16,
  voters: array({
    voterId: int32,
    voterDirectoryId: uuid,
    endpoints: array({ name: string, host: string, port: uint16 }),
    kRaftVersionFeature: { minSupportedVersion: int16, maxSupportedVersion: int16 },
  }),
}

/** The types in the order of their numbers on the wire. */
const kinds = [
  { type: 'abort', codec: struct(marker), newest: 0 },
  { type: 'commit', codec: struct(marker), newest: 0 },
  { type: 'leaderChange', codec: struct(leaderChange), newest: 1 },
  { type: 'snapshotHeader', codec: struct(snapshotHeader), newest: 0 },
  { type: 'snapshotFooter', codec: struct(snapshotFooter), newest: 0 },
  { type: 'kraftVersion', codec: struct(kraftVersion), newest: 0 },
  { type: 'kraftVoters', codec: struct(kraftVoters), newest: 0 },
] as const

const MARKERS = ['abort', 'commit']

export type ControlRecord =
  | ({ readonly type: 'abort' | 'commit' } & Out<typeof marker>)
  | ({ readonly type: 'leaderChange' } & Out<typeof leaderChange>)
  | ({ readonly type: 'snapshotHeader' } & Out<typeof snapshotHeader>)
  | ({ readonly type: 'snapshotFooter' } & Out<typeof snapshotFooter>)
  | ({ readonly type: 'kraftVersion' } & Out<typeof kraftVersion>)
  | ({ readonly type: 'kraftVoters' } & Out<typeof kraftVoters>)

export type ControlRecordInput =
  | Exclude<ControlRecord, { readonly type: 'leaderChange' }>
  | ({ readonly type: 'leaderChange' } & In<typeof leaderChange>)

/** A type that came after us: readers go past it. */
export interface UnknownControlRecord {
  readonly type: 'unknown'
  readonly recordType: number
}

export function encodeControlRecord(record: ControlRecordInput): { readonly key: Buffer; readonly value: Buffer } {
  const recordType = kinds.findIndex(kind => kind.type === record.type)
  const codec = kinds[recordType]!.codec as Codec<unknown, unknown>
  const key = written(to => {
    to.int16(0)
    to.int16(recordType)
  })
  const value = written(to => {
    if (!('version' in record)) {
      to.int16(0)
      return codec.write(to, record, versionOf(0, undefined))
    }
    codec.write(to, record, versionOf(record.version, 0))
  })
  return { key, value }
}

export function decodeControlRecord(key: Buffer, value: Buffer | null): ControlRecord | UnknownControlRecord {
  const from = new ByteReader(key)
  from.int16()
  const recordType = from.int16()
  const kind = kinds[recordType]
  if (kind === undefined) return { type: 'unknown', recordType }
  const fields = new ByteReader(value ?? from.fail(`a control record of type ${recordType} has no value`))
  const version = fields.int16()
  if (version < 0) fields.fail(`version ${version} of a control record cannot be`)
  if (MARKERS.includes(kind.type)) return { type: kind.type, ...kind.codec.read(fields, versionOf(0, undefined)) } as ControlRecord
  fields.position = 0 // the version is a field of the struct as well
  return { type: kind.type, ...kind.codec.read(fields, versionOf(Math.min(version, kind.newest), 0)) } as ControlRecord
}
