import type { Page } from '@playwright/test'
import { encode as encodeMessagePack } from '@msgpack/msgpack'
import AxeBuilder from '@axe-core/playwright'
import { encode as encodeCbor } from 'cborg'
import type { Message } from 'kafkajs'
import { gzipSync } from 'node:zlib'
import { expect, test } from './support/app.ts'
import { foreignClient } from './support/clients.ts'

test.use({ hostName: 'formats' })
test.setTimeout(180_000)

const go = (page: Page, path: string) => page.evaluate(to => (location.hash = `#${to}`), path)
const table = (page: Page) => page.getByRole('grid', { name: 'Messages' })
const rows = (page: Page) => table(page).getByRole('row')
const record = (page: Page) => page.getByRole('complementary', { name: 'Record' })
const numbers = (page: Page) => page.getByRole('region', { name: 'Search for' })

/** A topic of one partition, with a record for each of these values. A host that was started anew after a failure gets them again. */
async function fill(bootstrap: string, topic: string, messages: readonly Message[]) {
  const kafka = foreignClient(bootstrap, { requestTimeout: 60_000 })
  const admin = kafka.admin()
  await admin.connect()
  const configEntries = [{ name: 'max.message.bytes', value: '67108864' }]
  const isNew = await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1, configEntries }] })
  await admin.disconnect()
  if (!isNew) return
  const producer = kafka.producer()
  await producer.connect()
  for (const message of messages) await producer.send({ topic, acks: -1, messages: [message] })
  await producer.disconnect()
}

/** Row `n` from the oldest, which is the record at that offset. */
async function open(page: Page, offset: number) {
  const row = rows(page).filter({ has: page.getByRole('rowheader', { name: String(offset), exact: true }) })
  await row.dblclick()
  await expect(record(page)).toContainText(` at ${offset}`)
}

test.beforeEach(async ({ page }) => {
  // Until the first screen is there, the app is still on its way to it and would go there after all.
  await expect(page.getByRole('region', { name: 'Broker 1', exact: true })).toBeVisible()
})

const key = (id: bigint) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(id)
  return bytes
}
const KINDS: readonly Message[] = [
  { key: key(1n), value: Buffer.from(encodeMessagePack({ order: { id: 9_007_199_254_740_993n, city: 'Köln' } }, { useBigInt64: true })) },
  { key: key(2n), value: Buffer.from(encodeCbor({ order: { id: 8, city: 'Lyon' } })) },
  { key: key(3n), value: '<order id="7"><city>Bergen</city></order>' },
  { key: key(4n), value: Buffer.from('\ufeff{"order":{"city":"Gdańsk"}}', 'utf16le') },
  { key: key(5n), value: gzipSync('{"order":{"city":"Porto"}}') },
  { key: key(6n), value: Buffer.from('8ef3928d', 'hex') },
]

test('records of many formats are read, searched and made columns as if they were JSON', async ({ page, cluster }, info) => {
  const shot = (name: string) => page.screenshot({ path: info.outputPath(`${name}.png`) })
  await fill(cluster.bootstrap, 'kinds', KINDS)
  await go(page, '/topics/kinds/messages')
  for (const city of ['Köln', 'Lyon', 'Bergen', 'Gdańsk', 'Porto']) await expect(table(page)).toContainText(city)
  await shot('rows')

  await test.step('a record says what it was decoded as, with all digits', async () => {
    await open(page, 0)
    await expect(record(page)).toContainText('Decoded as MessagePack')
    await expect(record(page)).toContainText('9007199254740993')
    await record(page).getByText('"city"').click()
    await expect(page.getByRole('columnheader', { name: 'city' })).toBeVisible()
    await shot('decoded')
    await open(page, 2)
    await expect(record(page)).toContainText('Decoded as XML')
    await expect(record(page)).toContainText('<city>Bergen</city>')
    await record(page).getByRole('radio', { name: 'JSON' }).click()
    await expect(record(page)).toContainText('"@id"')
    await shot('xml')
  })

  await test.step('what cannot be told says so, and can be chosen: of one part in the record', async () => {
    await open(page, 5)
    await expect(record(page)).toContainText('Not decoded; these are its bytes')
    await shot('not-decoded')
    await record(page).getByRole('combobox', { name: 'Format of values' }).selectOption('Shift_JIS')
    await expect(record(page)).toContainText('Decoded as Shift_JIS')
    await expect(record(page)).toContainText('受注')
    await open(page, 1)
    await record(page).getByRole('combobox', { name: 'Format of values' }).selectOption('MessagePack')
    await expect(record(page)).toContainText('As MessagePack it is malformed')
    await shot('malformed')
    await record(page).getByRole('combobox', { name: 'Format of values' }).selectOption('Automatic')
    await expect(record(page)).toContainText('Decoded as CBOR')
  })

  await test.step('keys by keyboard, remembered', async () => {
    await page.getByRole('button', { name: 'Formats' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('combobox', { name: 'Format of keys' }).selectOption('Long')
    await expect(rows(page).filter({ hasText: 'Bergen' }).getByRole('gridcell', { name: '3', exact: true })).toBeVisible()
    await shot('menu')
    await page.keyboard.press('Escape')
    await page.reload()
    await expect(page.getByRole('button', { name: 'Formats: key Long' })).toBeVisible()
  })

  await test.step('conditions and texts find what was decoded', async () => {
    await page.getByRole('combobox', { name: 'How to search' }).selectOption('json')
    await page.getByRole('textbox', { name: 'Path' }).fill('order.city')
    await page.getByRole('combobox', { name: 'Operator' }).selectOption('exists')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Search', exact: true }).click()
    await expect(numbers(page)).toContainText('5 hits')
    await page.getByRole('combobox', { name: 'How to search' }).selectOption('text')
    await page.getByRole('textbox', { name: 'Search for' }).fill('gdańsk')
    await page.keyboard.press('Enter')
    await expect(numbers(page)).toContainText('1 hit')
    await shot('hits')
  })
})

const LAUGHS = `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from(
  { length: 9 },
  (_, at) => `<!ENTITY lol${at + 1} "${`&lol${at === 0 ? '' : at};`.repeat(10)}">`,
).join('')}]><lolz>&lol9;</lolz>`
const MEGABYTE = 1024 * 1024
const HOSTILE: readonly Message[] = [
  { value: '<script>window.isHacked = true</script><img src="x" onerror="window.isHacked = true"/>' },
  { value: Buffer.from('fffe00c328', 'hex') },
  { value: '['.repeat(10_000) + ']'.repeat(10_000) },
  { value: LAUGHS },
  { value: gzipSync(Buffer.alloc(200 * MEGABYTE)) },
  { value: Buffer.from(`504b0304${'00'.repeat(40)}`, 'hex') },
  { value: Buffer.from('81'.repeat(20_000) + 'f6', 'hex') },
  { key: '<script>window.isHacked = true</script>', value: `{"big":"${'x'.repeat(50 * MEGABYTE)}"}` },
]

test('hostile records are shown safely, and the app goes on', async ({ page, cluster }, info) => {
  const shot = (name: string) => page.screenshot({ path: info.outputPath(`${name}.png`) })
  await fill(cluster.bootstrap, 'hostile', HOSTILE)
  await page.evaluate(() => {
    const marks = window as unknown as { longestGap: number }
    marks.longestGap = 0
    let last = performance.now()
    const look = (now: number) => {
      marks.longestGap = Math.max(marks.longestGap, now - last)
      last = now
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
  await go(page, '/topics/hostile/messages')
  await expect(rows(page).nth(HOSTILE.length)).toBeVisible()
  await shot('rows')

  const shown: Record<number, string> = {
    0: 'window.isHacked = true',
    1: 'ff fe 00 c3 28',
    2: 'Decoded as JSON',
    3: '&lol9;',
    4: 'There is more of it than the 16.8 MB',
    5: 'It is packed with zip',
    6: 'Not decoded',
    7: '"big"',
  }
  for (const [offset, text] of Object.entries(shown)) {
    await open(page, Number(offset))
    await expect(record(page)).toContainText(text)
    await shot(`record-${offset}`)
  }
  await test.step('all of what is large is no more than a screen takes', async () => {
    await expect(record(page)).toContainText('of 52.4 MB')
    await record(page)
      .getByRole('button', { name: /^Show 16/ })
      .click()
    await expect(record(page)).toContainText('The kcat command under Copy reads all of it.')
  })
  await test.step('a column and a search look into all of them', async () => {
    await page.getByRole('combobox', { name: 'How to search' }).selectOption('json')
    await page.getByRole('textbox', { name: 'Path' }).fill('big')
    await page.getByRole('combobox', { name: 'Operator' }).selectOption('exists')
    await page.getByRole('button', { name: 'Search', exact: true }).click()
    await expect(numbers(page)).toContainText('1 hit', { timeout: 30_000 })
    await shot('search')
  })

  expect(await page.evaluate(() => 'isHacked' in window)).toBe(false)
  info.annotations.push({
    type: 'longest gap between frames, ms',
    description: String(await page.evaluate(() => Math.round((window as unknown as { longestGap: number }).longestGap))),
  })
  await go(page, '/topics')
  await expect(page.getByRole('heading', { name: 'Topics' })).toBeVisible()
})

test('what groups committed is read from the topic in which Kafka keeps it', async ({ page, cluster }, info) => {
  await fill(cluster.bootstrap, 'kinds', KINDS)
  const admin = foreignClient(cluster.bootstrap).admin()
  await admin.connect()
  await admin.setOffsets({ groupId: 'billing', topic: 'kinds', partitions: [{ partition: 0, offset: '3' }] })
  await admin.disconnect()
  await go(page, '/topics/__consumer_offsets/messages')
  const row = rows(page).filter({ hasText: '"type":"offsetCommit","group":"billing","topic":"kinds"' })
  await row.first().dblclick()
  await expect(record(page)).toContainText('Decoded as consumer offsets')
  await expect(record(page)).toContainText('"commitTimestamp"')
  await page.screenshot({ path: info.outputPath('committed.png') })
})

test('the choice of formats is accessible, in both languages', async ({ page, cluster }, info) => {
  await fill(cluster.bootstrap, 'kinds', KINDS)
  await go(page, '/topics/kinds/messages')
  await open(page, 1)
  await page.emulateMedia({ colorScheme: 'light' })
  await page.getByRole('button', { name: 'Formats' }).click()
  await expect(page.getByRole('combobox', { name: 'Format of keys' })).toBeVisible()
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([])
  await page.screenshot({ path: info.outputPath('english.png') })
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitemradio', { name: '简体中文' }).click()
  await expect(page.getByRole('complementary')).toContainText('已解码为 CBOR')
  await page.getByRole('button', { name: '格式' }).click()
  await expect(page.getByRole('combobox', { name: 'key 的格式' })).toBeVisible()
  await page.screenshot({ path: info.outputPath('chinese.png') })
})
