import { expect, it } from 'vitest'
import type { Clock } from '../../env/env.ts'
import { FakeRegistry } from './fakeRegistry.ts'
import { noSchemaFiles, schemaServices } from './schemaServices.ts'
import { settingsInMemory } from './schemaSettings.ts'
import type { SchemaFiles } from './schemaFiles.ts'

const clock: Clock = { now: () => 0, elapsed: () => 0, after: () => ({ cancel: () => undefined }) }
const IN = { clusterId: 'local' }
const VALUE = { ...IN, topic: 'orders', part: 'value', using: null } as const
const order = {
  id: 3,
  subject: 'orders-value',
  version: 1,
  schema: '{"type":"record","name":"Order","fields":[{"name":"n","type":"long"}]}',
}
const asked = { url: 'http://registry', auth: 'basic', user: 'me', secret: 'hush' } as const

function services(registry = new FakeRegistry([order]), files: SchemaFiles = noSchemaFiles) {
  const settings = settingsInMemory()
  return { registry, settings, ...schemaServices(clock, { http: registry, files, settings }) }
}

it('a secret goes to the registry, and never comes back', async () => {
  const { schemas, registry } = services()
  registry.authorization = `Basic ${Buffer.from('me:hush').toString('base64')}`
  await schemas.setRegistry({ ...IN, registry: asked })
  expect(await schemas.subjects(IN)).toEqual({ outcome: 'found', found: ['orders-value'] })
  const { registry: shown } = await schemas.settings(IN)
  expect(shown).toEqual({ url: 'http://registry', auth: 'basic', user: 'me', hasSecret: true })
})

it('a secret that was kept is not told to another address', async () => {
  const { schemas, settings } = services()
  await schemas.setRegistry({ ...IN, registry: asked })
  await schemas.setRegistry({ ...IN, registry: { ...asked, user: 'you', secret: null } })
  expect(settings.read('local').registry).toMatchObject({ user: 'you', secret: 'hush' })
  await schemas.setRegistry({ ...IN, registry: { ...asked, url: 'http://elsewhere', secret: null } })
  expect(settings.read('local').registry).toMatchObject({ secret: '' })
})

it('a registry is tried before it is set', async () => {
  const { schemas, registry } = services()
  expect(await schemas.tryRegistry({ ...IN, registry: asked })).toEqual({ outcome: 'found', found: { subjects: 1 } })
  registry.isDown = true
  expect(await schemas.tryRegistry({ ...IN, registry: asked })).toMatchObject({ outcome: 'failed', trouble: { code: 'unreachable' } })
  expect(await schemas.subjects(IN)).toMatchObject({ trouble: { code: 'noRegistry' } })
})

it('a value is written with the latest version of its topic, behind the id', async () => {
  const { schemas } = services()
  await schemas.setRegistry({ ...IN, registry: asked })
  expect(await schemas.encode({ ...VALUE, text: '{"n": 9223372036854775807}' })).toEqual({
    outcome: 'found',
    found: {
      bytes: new Uint8Array(Buffer.from('0000000003feffffffffffffffff01', 'hex')),
      schema: { format: 'avro', source: 'registry', name: 'Order', id: 3, subject: 'orders-value', version: 1 },
      unchecked: [],
    },
  })
})

it('a value that does not fit says where, and one that is no JSON says so', async () => {
  const { schemas } = services()
  await schemas.setRegistry({ ...IN, registry: asked })
  expect(await schemas.encode({ ...VALUE, text: '{"n":"x"}' })).toMatchObject({
    trouble: { code: 'value', path: 'n', what: 'This is to be a whole number of 64 bits, not "x"' },
  })
  expect(await schemas.encode({ ...VALUE, text: '{' })).toMatchObject({ trouble: { code: 'value', path: '' } })
  expect(await schemas.encode({ ...VALUE, part: 'key', text: '{}' })).toMatchObject({ trouble: { code: 'notFound' } })
})

it('with a schema of a file, a value is written bare', async () => {
  const files: SchemaFiles = { read: async () => ({ stamp: '', chosen: 'n.avsc', files: [{ name: 'n.avsc', text: '"long"' }] }) }
  const { schemas } = services(new FakeRegistry(), files)
  await schemas.assign({ ...IN, topic: 'orders', part: 'value', assignment: { kind: 'file', path: '/n.avsc', message: null } })
  expect(await schemas.encode({ ...VALUE, text: '5' })).toMatchObject({
    found: { bytes: new Uint8Array([10]), schema: { source: 'file', id: null } },
  })
  expect(await schemas.assignments({ ...IN, topic: 'orders' })).toMatchObject({ key: null, value: { path: '/n.avsc' } })
})

it('a folder tells what can be chosen in it, and finds what was', async () => {
  const text = 'syntax = "proto3"; import "b.proto"; message A { B b = 1; }'
  const other = { name: 'b.proto', text: 'syntax = "proto3"; message B { int32 n = 1; }' }
  const files: SchemaFiles = { read: async () => ({ stamp: '', chosen: null, files: [{ name: 'a.proto', text }, other] }) }
  const { schemas } = services(new FakeRegistry(), files)
  const look = (message: string | null) => schemas.look({ ...IN, assignment: { kind: 'file', path: '/protos', message } })
  expect(await look(null)).toMatchObject({ found: { names: ['A', 'B'], text: '' } })
  expect(await look('A')).toMatchObject({ found: { format: 'protobuf', names: ['A', 'B'], text } })
  expect(await look('C')).toMatchObject({ trouble: { code: 'noFile' } })
  const using = { kind: 'file', path: '/protos', message: 'A' } as const
  expect(await schemas.encode({ ...VALUE, using, text: '{"b":{"n":1}}' })).toMatchObject({
    found: { bytes: new Uint8Array([10, 2, 8, 1]) },
  })
})

it('shows a version with its names, or why it cannot be read', async () => {
  const { schemas } = services(new FakeRegistry([order, { ...order, id: 4, version: 2, schema: '{}' }]))
  await schemas.setRegistry({ ...IN, registry: asked })
  const version = (n: number) => schemas.version({ ...IN, subject: 'orders-value', version: n })
  expect(await schemas.versions({ ...IN, subject: 'orders-value' })).toEqual({ outcome: 'found', found: [1, 2] })
  expect(await version(1)).toMatchObject({ found: { format: 'avro', id: 3, version: 1, names: ['Order'], trouble: null } })
  expect(await version(2)).toMatchObject({ found: { names: [], trouble: { code: 'badSchema' } } })
  expect(await schemas.byId({ ...IN, id: 3 })).toMatchObject({ found: { subject: 'orders-value' } })
})
