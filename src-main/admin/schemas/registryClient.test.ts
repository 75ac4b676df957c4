import { expect, it } from 'vitest'
import { codecOf } from './codec.ts'
import { FakeRegistry, type FakeSchema } from './fakeRegistry.ts'
import { RegistryClient } from './registryClient.ts'

const string: FakeSchema = { id: 1, subject: 'orders-value', version: 1, schema: '"string"' }

function aClient(registry: FakeRegistry, authorization: string | null = null) {
  let now = 0
  const client = new RegistryClient({ elapsed: () => now }, registry, { url: 'http://registry/base/', authorization })
  return { client, wait: (ms: number) => (now += ms) }
}

/** Below a path of its own, as behind a proxy. */
class Based extends FakeRegistry {
  override get(url: string, options: { readonly authorization: string | null }) {
    return super.get(url.replace('/base', ''), options)
  }
}

it('asks for each schema once, however many wait for it', async () => {
  const registry = new Based([string, { ...string, subject: 'copies-value', version: 3 }])
  const { client } = aClient(registry)
  const found = await Promise.all(Array.from({ length: 50 }, () => client.schema({ id: 1 })))
  await client.schema({ id: 1 })
  expect(registry.asked).toEqual(['/schemas/ids/1', '/schemas/ids/1/versions'])
  expect(found[0]).toMatchObject({
    id: 1,
    source: { format: 'avro', text: '"string"' },
    places: [
      { subject: 'orders-value', version: 1 },
      { subject: 'copies-value', version: 3 },
    ],
  })
})

it('finds a schema by its GUID', async () => {
  const guid = '89791762-2336-4186-9674-299b90a802e2'
  const { client } = aClient(new Based([{ ...string, guid, schemaType: 'JSON', schema: '{}' }]))
  expect(await client.schema({ guid })).toMatchObject({ guid, source: { format: 'jsonSchema' } })
})

it('leaves a registry alone that is down, and asks again later', async () => {
  const registry = new Based([string])
  registry.isDown = true
  const { client, wait } = aClient(registry)
  for (let id = 1; id <= 100; id++)
    await expect(client.schema({ id })).rejects.toMatchObject({ code: 'unreachable', message: 'connect ECONNREFUSED' })
  expect(registry.asked).toHaveLength(1)
  registry.isDown = false
  wait(10_000)
  await expect(client.schema({ id: 1 })).resolves.toBeDefined()
})

it('those who waited while it went down do not ask one after the other', async () => {
  const registry = new Based()
  registry.isDown = true
  const gate = Promise.withResolvers<void>()
  registry.gate = gate.promise
  const { client } = aClient(registry)
  const all = Promise.allSettled(Array.from({ length: 50 }, (_, id) => client.schema({ id: id + 1 })))
  gate.resolve()
  await all
  expect(registry.asked.length).toBeLessThanOrEqual(4)
  expect(registry.mostAtOnce).toBeLessThanOrEqual(4)
})

it('remembers what the registry does not have, and stops guessing', async () => {
  const registry = new Based([string])
  const { client, wait } = aClient(registry)
  for (let n = 0; n < 3; n++)
    await expect(client.schema({ id: 7 })).rejects.toMatchObject({ code: 'notFound', message: 'Schema not found' })
  expect(registry.asked).toEqual(['/schemas/ids/7'])
  for (let id = 100; id < 300; id++) await client.schema({ id }).catch(() => undefined)
  expect(registry.asked).toHaveLength(100)
  wait(60_000)
  await expect(client.schema({ id: 1 })).resolves.toBeDefined()
})

it('says who it is, and why it was refused', async () => {
  const registry = new Based([string])
  registry.authorization = 'Basic abc'
  await expect(aClient(registry).client.subjects()).rejects.toMatchObject({
    code: 'refused',
    message: 'The registry answers 401: Unauthorized',
  })
  await expect(aClient(registry, 'Basic abc').client.subjects()).resolves.toEqual(['orders-value'])
})

it('resolves references of references, each once and before who needs it', async () => {
  const proto = (name: string, text: string, references: readonly string[] = []): FakeSchema => ({
    id: name.length,
    subject: name,
    version: 1,
    schemaType: 'PROTOBUF',
    schema: `syntax = "proto3"; ${references.map(each => `import "${each}";`).join(' ')} ${text}`,
    references: references.map(each => ({ name: each, subject: each, version: 1 })),
  })
  const registry = new Based([
    proto('order.proto', 'message Order { Line line = 1; Money sum = 2; }', ['line.proto', 'money.proto']),
    proto('line.proto', 'message Line { Money price = 1; }', ['money.proto']),
    proto('money.proto', 'message Money { int64 cents = 1; }'),
  ])
  const { source } = await aClient(registry).client.latest('order.proto')
  expect(source.references.map(({ name }) => name)).toEqual(['money.proto', 'line.proto'])
  const codec = codecOf(source)
  const { data } = codec.encode({ line: { price: { cents: 5 } } }, { isFramed: false })
  expect(codec.decode(data, { isFramed: false }).value).toEqual({ line: { price: { cents: 5 } } })
})

it('ends with schemas that refer to each other', async () => {
  const a = { id: 1, subject: 'a', version: 1, schema: '"a"', references: [{ name: 'b', subject: 'b', version: 1 }] }
  const b = {
    id: 2,
    subject: 'b',
    version: 1,
    schema: '"b"',
    references: [
      { name: 'a', subject: 'a', version: 1 },
      { name: 'b', subject: 'b', version: 1 },
    ],
  }
  const { source } = await aClient(new Based([a, b])).client.latest('a')
  expect(source.references.map(({ name }) => name).sort()).toEqual(['a', 'b'])
})

it.each([
  ['<html>', 'badAnswer'],
  ['{"schema":5}', 'badAnswer'],
  ['{"schema":"x","schemaType":"THRIFT"}', 'badAnswer'],
])('of %s says that it is no registry', async (body, code) => {
  const client = new RegistryClient(
    { elapsed: () => 0 },
    { get: async () => ({ status: 200, body }) },
    { url: 'http://x', authorization: null },
  )
  await expect(client.schema({ id: 1 })).rejects.toMatchObject({ code })
})
