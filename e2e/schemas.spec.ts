import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codecOf, type SchemaSource } from '../src-main/admin/schemas/codec.ts'
import type { PlainValue } from '../src-main/admin/schemas/plainValue.ts'
import { framed } from '../src-main/admin/schemas/wireFormat.ts'
import { expect, test } from './support/app.ts'
import { foreignClient } from './support/clients.ts'
import { startRegistry, type RunningRegistry } from './support/registry.ts'

test.use({ hostName: 'schemas' })
test.setTimeout(120_000)

const record = (fields: readonly object[]) => JSON.stringify({ type: 'record', name: 'Order', namespace: 'shop', fields })
const first = record([{ name: 'id', type: 'long' }])
const second = record([
  { name: 'id', type: 'long' },
  { name: 'state', type: 'string', default: 'NEW' },
])
const payment = 'syntax = "proto3";\npackage pay;\nmessage Other {}\nmessage Payment {\n  int64 cents = 1;\n  string currency = 2;\n}\n'
const avro: SchemaSource = { format: 'avro', text: second, references: [] }
const protobuf: SchemaSource = { format: 'protobuf', text: payment, references: [] }

const go = (page: Page, path: string) => page.evaluate(to => (location.hash = `#${to}`), path)
const rows = (page: Page) => page.getByRole('grid', { name: 'Messages' }).getByRole('row')
const drawer = (page: Page) => page.getByRole('complementary', { name: 'Record' })
const dataOf = (source: SchemaSource, value: PlainValue, message: string | null = null, isFramed = true) =>
  codecOf(source).encode(value, { isFramed, message }).data

let registry: RunningRegistry
test.beforeAll(async () => {
  registry = await startRegistry([
    { id: 11, subject: 'orders-value', version: 1, schema: first },
    { id: 12, subject: 'orders-value', version: 2, schema: second },
    { id: 13, subject: 'payments-value', version: 1, schemaType: 'PROTOBUF', schema: payment },
  ])
})
test.afterAll(() => registry.close())

async function fill(bootstrap: string) {
  const kafka = foreignClient(bootstrap)
  const admin = kafka.admin()
  await admin.connect()
  const topics = ['orders', 'payments', 'bare'].map(topic => ({ topic, numPartitions: 1, replicationFactor: 3 }))
  const isNew = await admin.createTopics({ topics })
  await admin.disconnect()
  if (!isNew) return
  const producer = kafka.producer()
  await producer.connect()
  const order = (id: bigint) => framed(12, [dataOf(avro, { id, state: 'PAID' })])
  await producer.send({
    topic: 'orders',
    messages: Array.from({ length: 50 }, (_, n) => ({ value: order(9_007_199_254_740_993n + BigInt(n)) })),
  })
  await producer.send({
    topic: 'payments',
    messages: [{ value: framed(13, [dataOf(protobuf, { cents: 1234, currency: 'EUR' }, 'pay.Payment')]) }],
  })
  await producer.send({ topic: 'bare', messages: [{ value: dataOf(protobuf, { cents: 77, currency: 'CNY' }, 'pay.Payment', false) }] })
  await producer.disconnect()
}
test.beforeEach(async ({ page, cluster }) => {
  await fill(cluster.bootstrap)
  // Until the first screen is there, the app is still on its way to it and would go there after all.
  await expect(page.getByRole('region', { name: 'Broker 1', exact: true })).toBeVisible()
})

/** Sets the address of the cluster's registry, on the page of any topic. */
async function setRegistry(page: Page, url: string) {
  await go(page, '/topics/orders/schema')
  await page
    .getByRole('button', { name: /^(Registry…|Set the registry…)$/ })
    .first()
    .click()
  await page.getByRole('textbox', { name: 'Address' }).fill(url)
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('dialog')).toBeHidden()
}

async function openNewest(page: Page, topic: string) {
  await go(page, `/topics/${topic}/messages`)
  await rows(page).nth(1).dblclick()
  await expect(drawer(page)).toBeVisible()
}

test('records are decoded with the schemas of a registry, which are there to be read', async ({ page }, info) => {
  const shot = (name: string) => page.screenshot({ path: info.outputPath(`${name}.png`) })

  await test.step('the registry is tried and set', async () => {
    await go(page, '/topics/orders/schema')
    await expect(page.getByRole('heading', { name: 'No schema is known' })).toBeVisible()
    await page.getByRole('button', { name: 'Set the registry…' }).click()
    await page.getByRole('textbox', { name: 'Address' }).fill(registry.url)
    await page.getByRole('button', { name: 'Try it' }).click()
    await expect(page.getByRole('status').filter({ hasText: 'It answers, with 2 subjects.' })).toBeVisible()
    await page.getByRole('button', { name: 'Save' }).click()
  })

  await test.step('the schema of the topic, and what its last version changed', async () => {
    await expect(page.getByRole('textbox', { name: 'Text of the schema' })).toContainText('"state"')
    await page.getByRole('combobox', { name: 'Compared with' }).selectOption('1')
    await expect(page.getByRole('group', { name: 'What version 2 changed in version 1' })).toContainText('"default": "NEW"')
    await shot('diff')
  })

  await test.step('Avro, every digit of a long', async () => {
    await openNewest(page, 'orders')
    await expect(drawer(page)).toContainText(/90071992547410\d\d|9007199254740\d\d\d/)
    await expect(drawer(page)).toContainText('shop.Order')
    await expect(drawer(page)).toContainText('orders-value version 2')
    await shot('avro')
    await drawer(page)
      .getByRole('link', { name: /orders-value version 2/ })
      .click()
    await expect(page.getByRole('combobox', { name: 'Version', exact: true })).toHaveValue('2')
    await expect(page.getByRole('textbox', { name: 'Text of the schema' })).toContainText('"state"')
  })

  await test.step('Protobuf, the second message of its file', async () => {
    await openNewest(page, 'payments')
    await expect(drawer(page)).toContainText('pay.Payment')
    await expect(drawer(page)).toContainText('1234')
    await shot('protobuf')
  })
  expect(
    registry.asked.filter(path => path === '/schemas/ids/12'),
    'one question for all records',
  ).toHaveLength(1)
})

test('a registry that is down costs the values, and nothing else', async ({ page }, info) => {
  const gone = await startRegistry([])
  await gone.close()
  await setRegistry(page, gone.url)
  await expect(page.getByRole('alert', { name: 'The schema could not be had' })).toContainText('cannot be reached')
  await page.screenshot({ path: info.outputPath('down.png') })
  await openNewest(page, 'orders')
  await expect(drawer(page)).toContainText('Not decoded; these are its bytes')
  await expect(drawer(page)).toContainText('cannot be reached')
  await expect(drawer(page)).toContainText('00 00 00 00 0c')
  await page.screenshot({ path: info.outputPath('down-record.png') })
  await setRegistry(page, registry.url)
})

test('data without an id is decoded with a file that somebody chose', async ({ page }, info) => {
  const folder = mkdtempSync(join(tmpdir(), 'trilog-protos-'))
  try {
    writeFileSync(join(folder, 'payment.proto'), payment)
    await go(page, '/topics/bare/schema')
    await page
      .getByRole('button', { name: /^(Choose schema…|Choose a file…)$/ })
      .first()
      .click()
    await page.getByRole('radio', { name: 'A file or folder' }).click()
    await page.getByRole('textbox', { name: 'Path' }).fill(folder)
    await page.getByRole('button', { name: 'Look' }).click()
    await page.getByRole('combobox', { name: 'Record or message' }).selectOption('pay.Payment')
    await expect(page.getByRole('status').filter({ hasText: 'Protobuf' })).toBeVisible()
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByRole('textbox', { name: 'Text of the schema' })).toContainText('message Payment')
    await openNewest(page, 'bare')
    await expect(drawer(page)).toContainText('CNY')
    await expect(drawer(page)).toContainText('pay.Payment')
    await page.screenshot({ path: info.outputPath('file.png') })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('everybody can use it, in both themes', async ({ page }) => {
  await setRegistry(page, registry.url)
  for (const theme of ['Dark', 'Light']) {
    await page.getByRole('button', { name: 'Theme' }).click()
    await page.getByRole('menuitemradio', { name: theme, exact: true }).click()
    await page.getByRole('combobox', { name: 'Compared with' }).selectOption('1')
    await expect(page.getByRole('group', { name: 'What version 2 changed in version 1' })).toBeVisible()
    const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
    expect(violations.map(each => `${each.id}: ${each.nodes.map(node => node.html).join(' ')}`)).toEqual([])
    await page.getByRole('combobox', { name: 'Compared with' }).selectOption('none')
  }
})
