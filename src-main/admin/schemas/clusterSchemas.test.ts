import { describe, expect, it } from 'vitest'
import type { Clock } from '../../env/env.ts'
import type { DecodeContext } from '../formats/decoded.ts'
import type { SchemaDecoded } from '../formats/schemas.ts'
import { ClusterSchemas } from './clusterSchemas.ts'
import { FakeRegistry, type FakeSchema } from './fakeRegistry.ts'
import type { FoundFiles, SchemaFiles } from './schemaFiles.ts'
import { noSchemaFiles } from './schemaServices.ts'
import { NO_SETTINGS, type ClusterSettings } from './schemaSettings.ts'
import { openSchemaSnapshot } from './snapshotDecoder.ts'
import { framed } from './wireFormat.ts'

const SHOP = { url: 'http://registry', auth: 'none', user: '', secret: '' } as const
const GUID = '89791762-2336-4186-9674-299b90a802e2'
const names: FakeSchema = {
  id: 5,
  subject: 'names-value',
  version: 2,
  schema: '{"type":"record","name":"Name","fields":[{"name":"of","type":"string"}]}',
}
const proto: FakeSchema = {
  id: 6,
  guid: GUID,
  subject: 'proto-value',
  version: 1,
  schemaType: 'PROTOBUF',
  schema: 'syntax = "proto3"; package p; message A { int32 a = 1; } message B { message C { string c = 1; } }',
}
const context = (more: Partial<DecodeContext> = {}): DecodeContext => ({ topic: 'names', part: 'value', key: null, headers: [], ...more })
const ada = Buffer.from('06416461', 'hex')

function aCluster(
  registry: FakeRegistry,
  { settings = {}, files = noSchemaFiles }: { settings?: Partial<ClusterSettings>; files?: SchemaFiles } = {},
) {
  let now = 0
  const timers: (() => void)[] = []
  const clock: Clock = { now: () => now, elapsed: () => now, after: (_, run) => (timers.push(run), { cancel: () => undefined }) }
  let current: ClusterSettings = { ...NO_SETTINGS, registry: SHOP, ...settings }
  const schemas = new ClusterSchemas(clock, { http: registry, files, settings: () => current })
  return {
    schemas,
    wait: (ms: number) => (now += ms),
    timeOut: () => timers.splice(0).forEach(run => run()),
    set: (next: Partial<ClusterSettings>) => {
      current = { ...current, ...next }
      schemas.forget()
    },
    /** As whoever reads a page of records does it. */
    decode: async (
      bytes: Buffer,
      of = context(),
      wanted: Parameters<typeof schemas.decoder.decode>[2] = null,
    ): Promise<SchemaDecoded | undefined> => {
      const missing = schemas.decoder.missing(bytes, of)
      if (missing !== undefined) await schemas.load(of.topic, new Set([missing]))
      return schemas.decoder.decode(bytes, of, wanted)
    },
  }
}

describe('a record behind an id', () => {
  it('is decoded, and says with what', async () => {
    const registry = new FakeRegistry([{ ...names, subject: 'others-value', version: 9 }, names])
    const { decode } = aCluster(registry)
    expect(await decode(framed(5, [ada]))).toEqual({
      outcome: 'decoded',
      format: 'avro',
      value: { of: 'Ada' },
      schema: { format: 'avro', source: 'registry', name: 'Name', id: 5, subject: 'names-value', version: 2 },
    })
    await decode(framed(5, [ada]))
    expect(registry.asked).toHaveLength(2)
  })

  it('of Protobuf goes by the message indexes', async () => {
    const { decode } = aCluster(new FakeRegistry([proto]))
    const bytes = framed(6, [Buffer.from('040200', 'hex'), Buffer.from('0a0178', 'hex')])
    expect(await decode(bytes)).toMatchObject({ value: { c: 'x' }, schema: { name: 'p.B.C', id: 6 } })
    expect(await decode(framed(6, [Buffer.from('00', 'hex'), Buffer.from('0805', 'hex')]))).toMatchObject({
      value: { a: 5 },
      schema: { name: 'p.A' },
    })
  })

  it('in a header is decoded by what the header says, its data being bare', async () => {
    const { decode } = aCluster(new FakeRegistry([proto]))
    const value = Buffer.concat([Buffer.from([1]), Buffer.from(GUID.replaceAll('-', ''), 'hex'), Buffer.from('040200', 'hex')])
    const headers = [{ key: '__value_schema_id', value }]
    expect(await decode(Buffer.from('0a0178', 'hex'), context({ headers }))).toMatchObject({ value: { c: 'x' }, schema: { name: 'p.B.C' } })
    expect(await decode(Buffer.from('0a0178', 'hex'), context({ headers, part: 'key' }))).toBeUndefined()
  })

  it('that does not fit its schema says where', async () => {
    const { decode } = aCluster(new FakeRegistry([names]))
    expect(await decode(framed(5, [Buffer.from('0841', 'hex')]))).toMatchObject({
      outcome: 'failed',
      format: 'avro',
      problem: {
        code: 'schemaMismatch',
        details: { id: 5, what: 'of: The data ends too early: at byte 1, 4 are to come and 1 are left' },
      },
      schema: { subject: 'names-value' },
    })
  })

  it('of a schema that cannot be read says so, once for all records', async () => {
    const { decode } = aCluster(new FakeRegistry([{ ...names, schema: '{"type":"record"}' }]))
    expect(await decode(framed(5, [ada]))).toMatchObject({
      outcome: 'failed',
      problem: { code: 'schemaMissing', details: { what: 'A type of kind "record" has no name' } },
    })
  })

  it('that no registry knows is left to other formats, unless somebody said that it is Avro', async () => {
    const { decode } = aCluster(new FakeRegistry())
    expect(await decode(framed(7, [ada]))).toBeUndefined()
    expect(await decode(framed(7, [ada]), context(), 'avro')).toMatchObject({
      problem: { code: 'schemaMissing', details: { id: 7, what: 'Schema not found' } },
    })
  })

  it('without a registry is left to other formats, or says that one is wanting', async () => {
    const registry = new FakeRegistry([names])
    const { decode } = aCluster(registry, { settings: { registry: null } })
    expect(await decode(framed(5, [ada]))).toBeUndefined()
    expect(await decode(framed(5, [ada]), context(), 'avro')).toMatchObject({ problem: { code: 'noRegistry', details: { id: 5 } } })
    expect(await decode(ada, context(), 'protobuf')).toMatchObject({ problem: { code: 'noSchema' } })
    expect(registry.asked).toEqual([])
  })
})

describe('a registry that is down', () => {
  it('costs one request for a page of records, and each says why it is not decoded', async () => {
    const registry = new FakeRegistry([names])
    registry.isDown = true
    const { decode, wait } = aCluster(registry)
    for (let id = 1; id <= 100; id++) {
      expect(await decode(framed(id, [ada]))).toMatchObject({
        outcome: 'failed',
        problem: { code: 'schemaMissing', details: { id, what: 'connect ECONNREFUSED' } },
      })
    }
    expect(registry.asked).toHaveLength(1)
    registry.isDown = false
    wait(10_000)
    expect(await decode(framed(5, [ada]))).toMatchObject({ value: { of: 'Ada' } })
  })

  it('that is only slow holds up nobody for long, and what comes late serves the next', async () => {
    const registry = new FakeRegistry([names])
    const gate = Promise.withResolvers<void>()
    registry.gate = gate.promise
    const { schemas, timeOut } = aCluster(registry)
    const load = schemas.load('names', new Set(['id 5']))
    timeOut()
    await load
    expect(schemas.decoder.decode(framed(5, [ada]), context(), null)).toMatchObject({
      problem: { details: { what: 'It did not come within 6 s' } },
    })
    gate.resolve()
    await schemas.load('names', new Set(['id 5']))
    expect(schemas.decoder.decode(framed(5, [ada]), context(), null)).toMatchObject({ outcome: 'decoded' })
  })

  it('is forgotten when another one is set', async () => {
    const registry = new FakeRegistry([names])
    registry.isDown = true
    const { decode, set } = aCluster(registry)
    await decode(framed(5, [ada]))
    registry.isDown = false
    set({ registry: { ...SHOP, url: 'http://other' } })
    expect(await decode(framed(5, [ada]))).toMatchObject({ outcome: 'decoded' })
  })
})

describe('a schema that somebody chose', () => {
  const topics = { names: { value: { kind: 'file', path: '/schemas/name.avsc', message: null } } } as const

  function folder(text: string) {
    const state = { text, reads: 0 }
    const files: SchemaFiles = {
      read: async (path, known): Promise<FoundFiles | undefined> => {
        state.reads += 1
        if (known === state.text) return undefined
        return { stamp: state.text, chosen: path.slice(9), files: [{ name: path.slice(9), text: state.text }] }
      },
    }
    return { state, files }
  }

  it('decodes bare data, and is read again when its file has changed', async () => {
    const { state, files } = folder(names.schema)
    const { decode, wait } = aCluster(new FakeRegistry(), { settings: { registry: null, topics }, files })
    expect(await decode(ada)).toMatchObject({ value: { of: 'Ada' }, schema: { source: 'file', name: 'Name', id: null, subject: null } })
    await decode(ada)
    expect(state.reads).toBe(1)
    state.text = names.schema.replace('"of"', '"called"')
    wait(2_000)
    expect(await decode(ada)).toMatchObject({ value: { called: 'Ada' } })
    expect(await decode(ada, context({ part: 'key' }))).toBeUndefined()
  })

  it('decodes data behind an id whose registry is not at hand', async () => {
    const { files } = folder(names.schema)
    const { decode } = aCluster(new FakeRegistry(), { settings: { registry: null, topics }, files })
    expect(await decode(framed(5, [ada]))).toMatchObject({ outcome: 'decoded', value: { of: 'Ada' } })
  })

  it('steps back behind the schema that a record names itself', async () => {
    const { files } = folder('"bytes"')
    const { decode } = aCluster(new FakeRegistry([names]), { settings: { topics }, files })
    expect(await decode(framed(5, [ada]))).toMatchObject({ value: { of: 'Ada' }, schema: { id: 5 } })
  })

  it('may be the latest version of a subject', async () => {
    const chosen = { names: { value: { kind: 'subject', subject: 'names-value', message: null } } } as const
    const { decode } = aCluster(new FakeRegistry([names]), { settings: { topics: chosen } })
    expect(await decode(ada)).toMatchObject({ value: { of: 'Ada' }, schema: { id: 5, version: 2 } })
  })

  it('that is not there says so', async () => {
    const { decode } = aCluster(new FakeRegistry(), { settings: { registry: null, topics } })
    expect(await decode(ada)).toMatchObject({
      problem: { code: 'schemaMissing', details: { what: 'There is no /schemas/name.avsc here' } },
    })
  })
})

describe('settings that change while a schema is on its way', () => {
  it('count, not those of before', async () => {
    const registry = new FakeRegistry([names])
    const gate = Promise.withResolvers<void>()
    registry.gate = gate.promise
    registry.authorization = 'Bearer new'
    const { schemas, set } = aCluster(registry)
    const load = schemas.load('names', new Set(['id 5']))
    set({ registry: { ...SHOP, auth: 'bearer', secret: 'new' } })
    gate.resolve()
    await load
    expect(schemas.decoder.decode(framed(5, [ada]), context(), null)).toMatchObject({ outcome: 'decoded' })
  })
})

describe('a snapshot for a worker', () => {
  it('holds the versions of the topic and what was loaded, and survives the way there', async () => {
    const registry = new FakeRegistry([{ ...names, id: 4, version: 1, schema: '"string"' }, names, proto])
    const { schemas, decode } = aCluster(registry)
    await decode(framed(6, [Buffer.from('000805', 'hex')]))
    const decoder = openSchemaSnapshot(structuredClone((await schemas.snapshot('names'))!))
    expect(decoder.decode(framed(5, [ada]), context(), null)).toMatchObject({ value: { of: 'Ada' }, schema: { version: 2 } })
    expect(decoder.decode(framed(4, [ada]), context(), null)).toMatchObject({ value: 'Ada', schema: { version: 1 } })
    expect(decoder.decode(framed(6, [Buffer.from('000805', 'hex')]), context(), null)).toMatchObject({ value: { a: 5 } })
    expect(decoder.decode(framed(9, [ada]), context(), null)).toBeUndefined()
    expect(decoder.missing(framed(9, [ada]), context())).toBeUndefined()
  })

  it('is nothing where nothing is known', async () => {
    expect(await aCluster(new FakeRegistry()).schemas.snapshot('names')).toBeNull()
    expect(await aCluster(new FakeRegistry(), { settings: { registry: null } }).schemas.snapshot('names')).toBeNull()
  })
})
