import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SearchItem } from '../contract/search.ts'
import { buildBatch } from '../protocol/records/batchBuilder.ts'
import { ScriptedKafka } from '../simulation/kafka/scriptedKafka.ts'
import { type AdminServices, adminServices } from './adminServices.ts'
import { FakeRegistry } from './schemas/fakeRegistry.ts'
import { noSchemaFiles } from './schemas/schemaServices.ts'
import { settingsInMemory } from './schemas/schemaSettings.ts'
import { sameThreadWorkers } from './search/sameThread.ts'

const clusterId = 'scripted'
const topic = 'orders'
const order = {
  id: 3,
  subject: 'orders-value',
  version: 1,
  schema: '{"type":"record","name":"Order","fields":[{"name":"n","type":"long"}]}',
}
/** 5 and 2^63 - 1, behind the id of their schema; and one of a schema that nobody has. */
const VALUES = ['00000000030a', '0000000003feffffffffffffffff01', '00000000090a'].map(hex => Buffer.from(hex, 'hex'))
const SEEN = { format: 'avro', schema: { id: 3, subject: 'orders-value', version: 1, name: 'Order' } }

let kafka: ScriptedKafka
let admin: AdminServices
let registry: FakeRegistry
beforeEach(async () => {
  kafka = new ScriptedKafka()
  kafka.topic(topic, { partitions: 1 })
  kafka.append(topic, 0, buildBatch({ records: VALUES.map(value => ({ key: null, value, timestamp: 5 })) }))
  await settle(kafka.start())
  registry = new FakeRegistry([order])
  admin = adminServices(kafka.world.env('client'), {
    bootstrapOf: () => [kafka.addressOf(1)],
    searchWorkers: sameThreadWorkers(),
    schemaSources: { http: registry, files: noSchemaFiles, settings: settingsInMemory() },
  })
  await settle(admin.schemas.setRegistry({ clusterId, registry: { url: 'http://registry', auth: 'none', user: '', secret: null } }))
})
afterEach(async () => {
  await admin.close()
  kafka.world.close()
})

const settle = <T>(promise: Promise<T>) => kafka.world.settle(promise)

describe('records with schemas of a registry', () => {
  it('are read with them, each schema being asked for once', async () => {
    const rows = await settle(admin.messages.read({ clusterId, topic, ranges: [{ partition: 0, from: 0, to: 3 }], columns: ['value.n'] }))
    expect(rows.map(({ value }) => value?.text)).toEqual(['{"n":5}', '{"n":9223372036854775807}', null])
    expect(rows.map(({ columns }) => columns[0])).toEqual(['5', '9223372036854775807', null])
    expect(rows[0]!.value).toMatchObject({ format: 'json', decoded: SEEN })
    expect(rows[2]!.value).toMatchObject({ decoded: { format: 'binary', problem: { code: 'noRegistry', details: { id: 9 } } } })
    expect(registry.asked.filter(path => path === '/schemas/ids/3')).toHaveLength(1)
  })

  it('are opened, and say what they were read with', async () => {
    const detail = await settle(admin.messages.detail({ clusterId, topic, partition: 0, offset: 1 }))
    expect(detail?.value).toMatchObject({ text: '{"n":9223372036854775807}', decoded: SEEN })
  })

  it('are searched with them', async () => {
    const filter = { kind: 'json', combine: 'every', conditions: [{ part: 'value', path: 'n', operator: 'greater', value: '5' }] } as const
    const asked = {
      clusterId,
      topic,
      ranges: null,
      fromMs: null,
      toMs: null,
      order: 'oldestFirst',
      maxHits: null,
      source: 'brokers',
    } as const
    const search = async () => {
      const items: SearchItem[] = []
      const stream = admin.search.run({ ...asked, filter: { ...filter, conditions: [...filter.conditions] } }, new AbortController().signal)
      for await (const item of stream) items.push(item)
      return items
    }
    const items = await settle(search())
    expect(items.flatMap(item => (item.type === 'hits' ? item.rows.map(({ offset }) => offset) : []))).toEqual([1])
  })
})
