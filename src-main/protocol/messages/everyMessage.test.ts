import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { uuidFrom } from '../../base/uuid.ts'
import { ByteReader, MalformedMessage } from '../byteReader.ts'
import { written } from '../byteWriter.ts'
import { correlationIdOf, decodeRequestBody, decodeRequestHeader, decodeResponse, encodeRequest, encodeResponse } from '../header.ts'
import { type AnyApi, type Codec, UNLIMITED, type Version, versionOf } from '../schema.ts'
import { type ControlRecordInput, decodeControlRecord, encodeControlRecord } from './controlRecords.ts'
import { decodeGroupRecord, encodeGroupRecord, type GroupRecordInput } from './groupRecords.ts'
import { allApis } from './index.ts'
import { decodeMetadataRecord, encodeMetadataRecord, metadataRecord, type MetadataRecordInput, metadataRecords } from './metadataRecords.ts'
import { newerGroupRecords } from './newerGroupRecords.ts'

type Any = fc.Arbitrary<unknown>
/** A codec in one version; the compiler takes any value for it, since these values are made from its shape. */
interface Carried {
  readonly name: string
  readonly codec: Codec<unknown, unknown>
  readonly version: Version
}

const byte = () => fc.uint8Array({ maxLength: 20 }).map(bytes => Buffer.from(bytes))
const text = () => fc.string({ unit: 'grapheme', maxLength: 12 })

const primitives = {
  bool: fc.boolean,
  int8: () => fc.integer({ min: -0x80, max: 0x7f }),
  int16: () => fc.integer({ min: -0x8000, max: 0x7fff }),
  int32: () => fc.integer(),
  int64: () => fc.maxSafeInteger(),
  bits64: () => fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  unlimitedInt64: () => fc.oneof(fc.maxSafeInteger(), fc.constant(UNLIMITED)),
  uint16: () => fc.integer({ min: 0, max: 0xffff }),
  uint32: () => fc.integer({ min: 0, max: 0xffff_ffff }),
  float64: () => fc.double({ noNaN: true }),
  uuid: () => fc.uint8Array({ minLength: 16, maxLength: 16 }).map(uuidFrom),
}

/** Any value that a version can carry, complete: what it does not carry is at its absent value. */
function valueOf({ shape }: Codec<unknown, never>, version: Version): Any {
  const orNull = (values: Any, nullable: boolean): Any => (nullable ? fc.option(values, { freq: 4 }) : values)
  switch (shape.kind) {
    case 'string':
      return orNull(text(), version.number >= shape.nullableFrom)
    case 'bytes':
      return orNull(byte(), version.number >= shape.nullableFrom)
    case 'records':
      return orNull(byte(), true)
    case 'array':
      return orNull(fc.array(valueOf(shape.of, version), { maxLength: 3 }), version.number >= shape.nullableFrom)
    case 'struct': {
      const carried = shape.fields.map(({ name, first, last, tag, absent, codec }) => {
        const travels = version.number >= first && version.number <= last && (tag === undefined || version.flexible)
        return [name, travels ? valueOf(codec, version) : fc.constant(absent)] as const
      })
      return orNull(fc.record(Object.fromEntries(carried), { noNullPrototype: true }), shape.nullable)
    }
    default:
      return primitives[shape.kind]()
  }
}

/** Only what a writer must give: fields with an absent value are left out. */
function leastOf(value: unknown, { shape }: Codec<unknown, never>): unknown {
  if (value === null) return null
  if (shape.kind === 'array') return (value as unknown[]).map(each => leastOf(each, shape.of))
  if (shape.kind !== 'struct') return value
  const given = value as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    shape.fields.filter(({ absent }) => absent === undefined).map(({ name, codec }) => [name, leastOf(given[name], codec)]),
  )
}

const versionsOf = ({ versions: [first, last], flexibleFrom }: Pick<AnyApi, 'versions' | 'flexibleFrom'>) =>
  Array.from({ length: last - first + 1 }, (_, index) => versionOf(first + index, flexibleFrom))

const bodies: Carried[] = allApis.flatMap(api =>
  versionsOf(api).flatMap(version => [
    { name: `${api.name} request ${version.number}`, codec: api.request, version },
    { name: `${api.name} response ${version.number}`, codec: api.response, version },
  ]),
)
const metadata: Carried[] = metadataRecords.flatMap(kind =>
  versionsOf({ versions: kind.versions, flexibleFrom: 0 }).map(version => ({
    name: `${kind.name} ${version.number}`,
    codec: kind.codec,
    version,
  })),
)
const groupValues: Carried[] = newerGroupRecords.map(({ name, value }) => ({ name: `${name} 0`, codec: value, version: versionOf(0, 0) }))

describe('every message in every version', () => {
  it.each([...bodies, ...metadata, ...groupValues])('comes back as it was written: $name', ({ codec, version }) => {
    fc.assert(
      fc.property(valueOf(codec, version), value => {
        const bytes = written(to => codec.write(to, value, version))
        const from = new ByteReader(bytes)
        expect(codec.read(from, version)).toEqual(value)
        expect(from.remaining).toBe(0)
      }),
      { numRuns: 15 },
    )
  })

  it.each(bodies)('may be written without what has a default: $name', ({ codec, version }) => {
    fc.assert(
      fc.property(valueOf(codec, version), value => {
        const bytes = written(to => codec.write(to, leastOf(value, codec), version))
        const whole = codec.read(new ByteReader(bytes), version)
        expect(written(to => codec.write(to, whole, version))).toEqual(bytes)
      }),
      { numRuns: 3 },
    )
  })

  it.each([...bodies, ...metadata, ...groupValues])(
    'is read from broken bytes or refused, and nothing else: $name',
    ({ codec, version }) => {
      const broken = fc.oneof(
        fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes)),
        fc.tuple(valueOf(codec, version), fc.nat(), fc.integer({ min: 0, max: 255 }), fc.boolean()).map(([value, at, to, cut]) => {
          const bytes = written(writer => codec.write(writer, value, version))
          if (bytes.length === 0) return bytes
          if (cut) return bytes.subarray(0, at % bytes.length)
          bytes[at % bytes.length] = to
          return bytes
        }),
      )
      fc.assert(
        fc.property(broken, bytes => {
          try {
            codec.read(new ByteReader(bytes), version)
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedMessage)
          }
        }),
        { numRuns: 25 },
      )
    },
  )
})

describe('every API', () => {
  it('has a key and a name of its own', () => {
    expect(new Set(allApis.map(api => api.key)).size).toBe(allApis.length)
    expect(new Set(allApis.map(api => api.name)).size).toBe(allApis.length)
  })

  it.each(allApis.map(api => ({ name: api.name, api })))('crosses the wire in frames: $name', ({ api }) => {
    for (const version of versionsOf(api)) {
      const either = fc.tuple(valueOf(api.request, version), valueOf(api.response, version), fc.integer(), fc.option(text()))
      fc.assert(
        fc.property(either, ([request, response, correlationId, clientId]) => {
          const asked = unframed(encodeRequest(api, version.number, correlationId, clientId, request as never))
          const opened = decodeRequestHeader(asked)
          expect(opened.header).toEqual({ apiKey: api.key, apiVersion: version.number, correlationId, clientId: clientId ?? '' })
          expect(decodeRequestBody(api, opened)).toEqual(request)
          expect(opened.rest.remaining).toBe(0)

          const answered = unframed(encodeResponse(api, version.number, correlationId, response as never))
          expect(correlationIdOf(answered)).toBe(correlationId)
          expect(decodeResponse(api, version.number, answered)).toEqual({ correlationId, body: response })
        }),
        { numRuns: 4 },
      )
    }
  })
})

function unframed(chunks: readonly Buffer[]): Buffer {
  const whole = Buffer.concat(chunks)
  expect(whole.readInt32BE(0)).toBe(whole.length - 4)
  return whole.subarray(4)
}

describe('a record of the metadata log', () => {
  it.each(metadataRecords.map(kind => ({ name: kind.name, kind })))('comes back from its value: $name', ({ kind }) => {
    fc.assert(
      fc.property(valueOf(kind.codec, versionOf(kind.writes, 0)), fields => {
        const record = { type: kind.name, ...(fields as object) } as MetadataRecordInput
        expect(decodeMetadataRecord(encodeMetadataRecord(record))).toEqual(record)
        expect(metadataRecord(record)).toEqual(record)
      }),
      { numRuns: 20 },
    )
  })

  it('is completed by its defaults without a detour over bytes', () => {
    const change = { type: 'PartitionChangeRecord', partitionId: 3, topicId: 'AQIDBAUGBwgJCgsMDQ4PEA', leader: 2 } as const
    expect(metadataRecord(change)).toEqual(decodeMetadataRecord(encodeMetadataRecord(change)))
    expect(metadataRecord(change)).toMatchObject({ isr: null, leader: 2, leaderRecoveryState: -1 })
  })

  it('that we are too old for is told by its number', () => {
    expect(decodeMetadataRecord(Buffer.from('01630000', 'hex'))).toEqual({ type: 'UnknownRecord', recordType: 99, version: 0 })
    expect(decodeMetadataRecord(Buffer.from('01020900', 'hex'))).toEqual({ type: 'UnknownRecord', recordType: 2, version: 9 })
    expect(() => decodeMetadataRecord(Buffer.from('02020000', 'hex'))).toThrow(MalformedMessage)
  })
})

describe('a record of a group', () => {
  const commit = { offset: 42, leaderEpoch: 3, metadata: 'm', commitTimestamp: 5, expireTimestamp: -1, topicId: 'AQIDBAUGBwgJCgsMDQ4PEA' }
  const member = {
    memberId: 'm',
    clientId: 'c',
    clientHost: '/127.0.0.1',
    sessionTimeout: 9,
    subscription: Buffer.from('s'),
    assignment: Buffer.alloc(0),
  }
  const records: GroupRecordInput[] = [
    { type: 'offsetCommit', group: 'g', topic: 't', partition: 1, value: commit },
    { type: 'offsetCommit', group: 'g', topic: 't', partition: 1, value: null },
    { type: 'groupMetadata', group: 'g', value: null },
    {
      type: 'groupMetadata',
      group: 'g',
      value: {
        protocolType: 'consumer',
        generation: 4,
        protocol: 'range',
        leader: 'm',
        currentStateTimestamp: 8,
        members: [{ ...member, groupInstanceId: 'i', rebalanceTimeout: 7 }],
      },
    },
  ]

  it.each(records)('comes back from its key and value: $type', record => {
    const { key, value } = encodeGroupRecord(record)
    expect(decodeGroupRecord(key, value)).toEqual(record)
  })

  it('is written in the version of a 4.3 broker: commits 4, with an expiry 1; groups 3', () => {
    const version = (record: GroupRecordInput) => encodeGroupRecord(record).value!.readInt16BE(0)
    expect(version(records[0]!)).toBe(4)
    expect(version({ type: 'offsetCommit', group: 'g', topic: 't', partition: 1, value: { ...commit, expireTimestamp: 99 } })).toBe(1)
    expect(version(records[3]!)).toBe(3)
  })

  it('of a newer protocol is told by its number', () => {
    expect(decodeGroupRecord(Buffer.from('0003000167', 'hex'), null)).toEqual({ type: 'unknown', recordType: 3 })
  })
})

describe('a control record', () => {
  const voters = [{ voterId: 1, voterDirectoryId: 'AQIDBAUGBwgJCgsMDQ4PEA' }]
  const endpoints = [{ name: 'CONTROLLER', host: 'localhost', port: 65_535 }]
  const records: ControlRecordInput[] = [
    { type: 'abort', coordinatorEpoch: 5 },
    { type: 'commit', coordinatorEpoch: 5 },
    { type: 'leaderChange', version: 1, leaderId: 1, voters, grantingVoters: voters },
    { type: 'snapshotHeader', version: 0, lastContainedLogTimestamp: 1_700_000_000_000 },
    { type: 'snapshotFooter', version: 0 },
    { type: 'kraftVersion', version: 0, kRaftVersion: 1 },
    {
      type: 'kraftVoters',
      version: 0,
      voters: [{ ...voters[0]!, endpoints, kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: 1 } }],
    },
  ]

  it.each(records)('comes back from its key and value: $type', record => {
    const { key, value } = encodeControlRecord(record)
    expect(key.toString('hex')).toBe(`0000000${records.indexOf(record)}`)
    expect(decodeControlRecord(key, value)).toEqual(record)
  })

  it('of a type to come is told by its number', () => {
    expect(decodeControlRecord(Buffer.from('00000009', 'hex'), Buffer.alloc(0))).toEqual({ type: 'unknown', recordType: 9 })
  })
})
