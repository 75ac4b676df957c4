import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from './support/app.ts'
import { foreignClient } from './support/clients.ts'

test.use({ hostName: 'messages' })
test.setTimeout(120_000)

const TOPIC = 'shop'
const RECORDS = 600
const STARTED_AT = Date.UTC(2026, 0, 31, 12)
const go = (page: Page, path: string) => page.evaluate(to => (location.hash = `#${to}`), path)
const rows = (page: Page) => page.getByRole('grid', { name: 'Messages' }).getByRole('row')
const record = (page: Page) => page.getByRole('complementary', { name: 'Record' })
const numbers = (page: Page) => page.getByRole('region', { name: 'Search for' })

/** Orders a minute apart, every 20th of them refunded; keys come twice. A host that was started anew after a failure gets them again. */
async function fill(bootstrap: string) {
  const kafka = foreignClient(bootstrap)
  const admin = kafka.admin()
  await admin.connect()
  const isNew = await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 3, replicationFactor: 3 }] })
  await admin.disconnect()
  if (!isNew) return
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({
    topic: TOPIC,
    acks: -1,
    messages: Array.from({ length: RECORDS }, (_, n) => ({
      key: `order-${n % (RECORDS / 2)}`,
      timestamp: String(STARTED_AT + n * 60_000),
      value: JSON.stringify({
        id: n,
        status: n % 20 === 0 ? 'REFUNDED' : 'PAID',
        total: n,
        customer: { country: n % 2 === 0 ? 'DE' : 'FR' },
      }),
    })),
  })
  await producer.disconnect()
}
test.beforeEach(async ({ page, cluster }) => {
  await fill(cluster.bootstrap)
  // Until the first screen is there, the app is still on its way to it and would go there after all.
  await expect(page.getByRole('region', { name: 'Broker 1', exact: true })).toBeVisible()
})

test('a record is found by its text, by conditions and by a predicate, and opened', async ({ page }, info) => {
  const shot = (name: string) => page.screenshot({ path: info.outputPath(`${name}.png`) })
  await go(page, `/topics/${TOPIC}/messages`)
  await expect(rows(page).nth(1)).toBeVisible()

  await test.step('text', async () => {
    await page.keyboard.press('/')
    await expect(page.getByRole('textbox', { name: 'Search for' })).toBeFocused()
    await page.keyboard.type('refunded')
    await page.keyboard.press('Enter')
    await expect(numbers(page)).toContainText('30 hits')
    await expect(numbers(page)).toContainText(`Scanned ${RECORDS} of ${RECORDS} offsets`)
    await expect(page.getByRole('grid', { name: 'Messages' })).toHaveAttribute('aria-rowcount', '31')
    await shot('text')
  })

  await test.step('a field of a hit becomes a column, and stays one', async () => {
    await page.getByRole('grid', { name: 'Messages' }).focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await expect(record(page)).toContainText('REFUNDED')
    await record(page).getByText('"country"').click()
    await expect(page.getByRole('columnheader', { name: 'country' })).toBeVisible()
    await expect(rows(page).nth(1)).toContainText('DE')
    await shot('column')
    await page.keyboard.press('Escape')
    await expect(record(page)).toBeHidden()
  })

  await test.step('a predicate', async () => {
    await page.getByRole('combobox', { name: 'How to search' }).selectOption('predicate')
    await expect(page.getByRole('textbox', { name: 'Predicate in JavaScript' })).toBeFocused()
    await page.keyboard.type("value.status === 'REFUNDED' && value.total > 500")
    await page.keyboard.press('Enter')
    await expect(numbers(page)).toContainText('4 hits')
    await shot('predicate')
  })

  await test.step('conditions', async () => {
    await page.getByRole('combobox', { name: 'How to search' }).selectOption('json')
    await page.getByRole('textbox', { name: 'Path' }).fill('customer.country')
    await page.getByRole('textbox', { name: 'Compared with' }).fill('FR')
    await page.keyboard.press('Enter')
    await expect(numbers(page)).toContainText('300 hits')
    await shot('conditions')
  })

  await test.step('all records of one key', async () => {
    await rows(page).nth(1).dblclick()
    await record(page).getByRole('button', { name: 'Same key' }).click()
    await expect(numbers(page)).toContainText('2 hits')
    await shot('same-key')
  })
})

test('a search is cancelled, keeps what it found, and goes on', async ({ page }) => {
  await go(page, `/topics/${TOPIC}/messages`)
  await expect(rows(page).nth(1)).toBeVisible()
  await page.getByRole('combobox', { name: 'How to search' }).selectOption('predicate')
  await expect(page.getByRole('textbox', { name: 'Predicate in JavaScript' })).toBeFocused()
  // Busy for some milliseconds with each record, so that there is time to press Esc.
  await page.keyboard.insertText('let x = 0; for (let i = 0; i < 4e6; i++) x += i % 7; return value.total % 2 === x % 1')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(numbers(page)).toContainText('Cancelled; what was found is kept.')
  await page.getByRole('button', { name: 'Go on' }).click()
  await expect(numbers(page)).toContainText('300 hits', { timeout: 60_000 })
})

test('a link leads to a record, to a time and to a search', async ({ page }) => {
  await go(page, `/topics/${TOPIC}/messages?partition=1&offset=5`)
  await expect(record(page)).toContainText(`${TOPIC}-1 at 5`)

  await page.keyboard.press('Escape')
  const at = new Date(STARTED_AT + 300 * 60_000).toISOString()
  await go(page, `/topics/${TOPIC}/messages?from=${at}`)
  await expect(rows(page).and(page.locator('[aria-current=true]'))).toBeVisible()

  await go(page, `/topics/${TOPIC}/messages?search=refunded`)
  await expect(numbers(page)).toContainText('30 hits')
  await expect(page.getByRole('textbox', { name: 'Search for' })).toHaveValue('refunded')
})

test('everybody can use a search and an open record, in both themes', async ({ page }, info) => {
  for (const theme of ['Dark', 'Light']) {
    await page.getByRole('button', { name: 'Theme' }).click()
    await page.getByRole('menuitemradio', { name: theme, exact: true }).click()
    await go(page, `/topics/${TOPIC}/messages?search=refunded&theme=${theme}`)
    await expect(numbers(page)).toContainText('30 hits')
    await rows(page).nth(1).dblclick()
    await expect(record(page)).toContainText('REFUNDED')
    await page.screenshot({ path: info.outputPath(`search-${theme.toLowerCase()}.png`) })
    const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
    expect(violations.map(each => `${each.id}: ${each.nodes.map(node => node.html).join(' ')}`)).toEqual([])
  }
})
