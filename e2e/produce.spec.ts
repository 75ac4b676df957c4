import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { readFile } from 'node:fs/promises'
import { expect, test } from './support/app.ts'
import { foreignClient } from './support/clients.ts'

test.use({ hostName: 'produce' })
test.setTimeout(120_000)

const TOPIC = 'orders'
const go = (page: Page, path: string) => page.evaluate(to => (location.hash = `#${to}`), path)
const rows = (page: Page) => page.getByRole('grid', { name: 'Messages' }).getByRole('row')
const record = (page: Page) => page.getByRole('complementary', { name: 'Record' })
const dialog = (page: Page) => page.getByRole('dialog')
const field = (page: Page, name: string) => dialog(page).getByRole('textbox', { name, exact: true })

test.beforeEach(async ({ page, cluster }) => {
  const admin = foreignClient(cluster.bootstrap).admin()
  await admin.connect()
  const topics = [TOPIC, 'copies'].map(topic => ({ topic, numPartitions: 3, replicationFactor: 3 }))
  await admin.createTopics({ topics })
  await admin.disconnect()
  // Until the first screen is there, the app is still on its way to it and would go there after all.
  await expect(page.getByRole('region', { name: 'Broker 1', exact: true })).toBeVisible()
  await go(page, `/topics/${TOPIC}/messages`)
  await expect(page.getByRole('heading', { name: TOPIC, level: 1 })).toBeVisible()
})

test('a record is typed, refused while it is none, produced, and produced again from what is there', async ({ page }, info) => {
  const shot = (name: string) => page.screenshot({ path: info.outputPath(`${name}.png`) })
  await page.getByRole('button', { name: 'Produce', exact: true }).click()
  await field(page, 'Key').fill('user-1')
  await dialog(page).getByRole('radiogroup', { name: 'Value is written as' }).getByRole('radio', { name: 'JSON' }).click()
  await field(page, 'Value').fill('{"total": 1')
  await expect(dialog(page)).toContainText('It is no JSON')
  await shot('refused')
  await field(page, 'Value').fill('{"total": 1}')
  await expect(dialog(page)).not.toContainText('It is no JSON')
  await dialog(page).getByRole('button', { name: 'Add header' }).click()
  await field(page, 'Key of header 1').fill('trace')
  await field(page, 'Value of header 1').fill('abc')
  await dialog(page).getByRole('combobox', { name: 'Partition' }).selectOption({ label: 'Partition 2' })
  await dialog(page).getByRole('combobox', { name: 'Compression' }).selectOption('zstd')
  await dialog(page).getByRole('button', { name: 'Produce', exact: true }).click()
  await expect(dialog(page)).toContainText('Written to partition 2 at offset')
  await shot('written')
  expect((await new AxeBuilder({ page }).analyze()).violations.filter(each => ['serious', 'critical'].includes(each.impact ?? ''))).toEqual(
    [],
  )

  await test.step('it is among the last ones', async () => {
    await field(page, 'Key').fill('other')
    await dialog(page).getByRole('button', { name: 'Last ones' }).click()
    await page.getByRole('menuitem', { name: /user-1/ }).click()
    await expect(field(page, 'Key')).toHaveValue('user-1')
    await dialog(page).getByRole('radio', { name: 'Raw' }).click()
    await expect(field(page, 'Record as JSON')).toHaveValue(/"trace"/)
    await shot('raw')
  })
  await dialog(page).getByRole('button', { name: 'Show it' }).click()
  await expect(record(page)).toContainText('trace')
  await record(page).getByRole('button', { name: 'Produce again' }).click()
  await expect(field(page, 'Key')).toHaveValue('user-1')
  await field(page, 'Value').fill('{"total": 2}')
  await dialog(page).getByRole('button', { name: 'Produce', exact: true }).click()
  await expect(dialog(page)).toContainText('Written to partition')
  await page.keyboard.press('Escape')
})

test('templates make many records, and a text does, with each bad line named', async ({ page }, info) => {
  const shot = (name: string) => page.screenshot({ path: info.outputPath(`${name}.png`) })
  await page.getByRole('button', { name: 'Produce', exact: true }).click()
  await dialog(page).getByRole('radio', { name: 'Repeat' }).click()
  await field(page, 'Key').fill('k-{{counter}}')
  await field(page, 'Value').fill('{{int 5 5}} of {{choice "a b"}}')
  await expect(dialog(page).getByRole('list', { name: 'Preview' })).toContainText('5 of a b')
  await field(page, 'Times').fill('250')
  await dialog(page).getByText('Templates: what').click()
  await shot('repeat')
  await dialog(page).getByRole('button', { name: 'Produce 250 records' }).click()
  await expect(dialog(page)).toContainText('250 records acknowledged.')
  await field(page, 'Value').fill('{{nothing}}')
  await expect(dialog(page)).toContainText('There is no {{nothing}}')

  await dialog(page).getByRole('radio', { name: 'From text or a file' }).click()
  await field(page, 'Records').fill('{"key":"a","value":"1"}\nno json\n{"value":{"id":12345678901234567890}}')
  await expect(dialog(page)).toContainText('2 records')
  await expect(dialog(page)).toContainText('Line 2: It is no JSON')
  await shot('many')
  expect((await new AxeBuilder({ page }).analyze()).violations.filter(each => ['serious', 'critical'].includes(each.impact ?? ''))).toEqual(
    [],
  )
  await dialog(page).getByRole('button', { name: 'Produce 2 records' }).click()
  await expect(dialog(page)).toContainText('2 records acknowledged. 1 line was left out.')

  const csv = `key,value\n${Array.from({ length: 3_000 }, (_, n) => `c-${n},"row ""${n}"""`).join('\n')}\n`
  await dialog(page)
    .getByLabel('Choose a file…')
    .first()
    .setInputFiles({ name: 'rows.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
  await dialog(page).getByRole('button', { name: 'Produce 3,000 records' }).click()
  await expect(dialog(page)).toContainText('3,000 records acknowledged.', { timeout: 20_000 })
  await page.keyboard.press('Escape')
})

test('hits of a search are exported and replayed', async ({ page, host }, info) => {
  const shot = (name: string) => page.screenshot({ path: info.outputPath(`${name}.png`) })
  await page.getByRole('button', { name: 'Produce', exact: true }).click()
  await dialog(page).getByRole('radio', { name: 'Repeat' }).click()
  await field(page, 'Value').fill('needle {{counter}}')
  await field(page, 'Times').fill('40')
  await dialog(page).getByRole('button', { name: 'Produce 40 records' }).click()
  await expect(dialog(page)).toContainText('40 records acknowledged.')
  await page.keyboard.press('Escape')
  await page.reload()
  await go(page, `/topics/${TOPIC}/messages`)
  await expect(rows(page).nth(1)).toBeVisible()
  await page.keyboard.press('/')
  await page.keyboard.type('needle 1')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('region', { name: 'Search for' })).toContainText('11 hits')

  await test.step('export', async () => {
    await page.getByRole('button', { name: 'Export, replay' }).click()
    await page.getByRole('menuitem', { name: 'Export…' }).click()
    await expect(dialog(page)).toContainText('All 11 hits of this search.')
    await shot('export')
    if (host === 'desktop') {
      await page.keyboard.press('Escape')
      return
    }
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog(page).getByRole('button', { name: 'Export', exact: true }).click(),
    ])
    expect(download.suggestedFilename()).toMatch(/^orders-\d{8}-\d{6}\.ndjson$/)
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n')
    expect(lines).toHaveLength(11)
    expect(lines.every(line => (JSON.parse(line) as { value: string }).value.startsWith('needle 1'))).toBe(true)
    await expect(page.getByText('11 records exported')).toBeVisible({ timeout: 30_000 })
  })

  await test.step('replay', async () => {
    await page.getByRole('button', { name: 'Export, replay' }).click()
    await page.getByRole('menuitem', { name: 'Replay…' }).click()
    await dialog(page).getByRole('combobox', { name: 'To topic' }).selectOption(TOPIC)
    await expect(dialog(page)).toContainText('will hold them twice')
    await dialog(page).getByRole('combobox', { name: 'To topic' }).selectOption('copies')
    await expect(dialog(page)).toContainText('Partition n goes to partition n')
    await shot('replay')
    await dialog(page).getByRole('button', { name: 'Replay to copies' }).click()
    await expect(page.getByText('11 records replayed to copies')).toBeVisible({ timeout: 30_000 })
    await page.getByRole('button', { name: 'Open topic' }).click()
    await expect(page.getByRole('grid', { name: 'Messages' })).toHaveAttribute('aria-rowcount', '12')
  })
})
