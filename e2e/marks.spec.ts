import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { readFile } from 'node:fs/promises'
import { expect, test } from './support/app.ts'
import { foreignClient } from './support/clients.ts'

test.use({ hostName: 'marks' })
test.setTimeout(180_000)

const [FROM, TO] = ['orders', 'picked']
const go = (page: Page, path: string) => page.evaluate(to => (location.hash = `#${to}`), path)
const grid = (page: Page) => page.getByRole('grid', { name: 'Messages' })
const rows = (page: Page) => grid(page).getByRole('row')
const marked = (page: Page) => rows(page).and(page.locator('[aria-selected=true]'))
const bar = (page: Page) => page.getByRole('region', { name: 'Marked records' })
const dialog = (page: Page) => page.getByRole('dialog')

interface Line {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: string
  readonly value: string
  readonly headers: readonly { readonly key: string; readonly value: string }[]
}
const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Line)

/** Forty orders a minute apart in two partitions. */
test.beforeEach(async ({ page, cluster }) => {
  const kafka = foreignClient(cluster.bootstrap)
  const admin = kafka.admin()
  await admin.connect()
  const isNew = await admin.createTopics({ topics: [FROM, TO].map(topic => ({ topic, numPartitions: 2, replicationFactor: 3 })) })
  if (isNew) {
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({
      topic: FROM,
      acks: -1,
      messages: Array.from({ length: 40 }, (_, n) => ({
        partition: n % 2,
        key: `order-${n}`,
        timestamp: String(Date.UTC(2026, 0, 31, 12, n)),
        value: JSON.stringify({ id: n, status: n % 4 === 0 ? 'REFUNDED' : 'PAID', total: n * 10 }),
        headers: { trace: `t-${n}` },
      })),
    })
    await producer.disconnect()
  }
  await admin.disconnect()
  // Until the first screen is there, the app is still on its way to it and would go there after all.
  await expect(page.getByRole('region', { name: 'Broker 1', exact: true })).toBeVisible()
  await go(page, `/topics/${FROM}/messages`)
  await expect(rows(page).nth(1)).toContainText('order-')
})

test('records are marked with the mouse and the keyboard, and stay marked among hits and in another order', async ({ page }, info) => {
  const shot = (name: string) => page.screenshot({ path: info.outputPath(`${name}.png`) })
  const keyOf = async (row: number) => /order-\d+/.exec((await rows(page).nth(row).textContent()) ?? '')?.[0] ?? ''

  await test.step('mouse', async () => {
    await rows(page)
      .nth(2)
      .click({ modifiers: ['ControlOrMeta'] })
    await rows(page)
      .nth(5)
      .click({ modifiers: ['ControlOrMeta'] })
    await rows(page)
      .nth(7)
      .click({ modifiers: ['Shift'] })
    await expect(bar(page)).toContainText('4 records marked')
    await rows(page).nth(6).hover()
    await rows(page).nth(6).locator('[data-mark]').click()
    await expect(bar(page)).toContainText('3 records marked')
    await shot('mouse')
  })
  await test.step('Esc, and back', async () => {
    await page.keyboard.press('Escape')
    await expect(bar(page)).toBeHidden()
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect(bar(page)).toContainText('3 records marked')
    await bar(page).getByRole('button', { name: /Clear/ }).click()
    await expect(bar(page)).toBeHidden()
  })
  await test.step('keyboard', async () => {
    await expect(grid(page)).toBeFocused()
    await page.keyboard.press('Home')
    await page.keyboard.press('Space')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Shift+ArrowDown')
    await page.keyboard.press('Shift+ArrowDown')
    await expect(bar(page)).toContainText('4 records marked')
    await page.keyboard.press('Shift+ArrowUp')
    await expect(bar(page)).toContainText('3 records marked')
    await expect(page.getByRole('status').filter({ hasText: '3 records marked' })).toHaveCount(1)
  })
  await test.step('are still there after a look at another screen', async () => {
    await page.getByRole('link', { name: 'Partitions' }).click()
    await expect(page.getByRole('grid', { name: 'Partitions' })).toBeVisible()
    await page.getByRole('link', { name: 'Messages' }).click()
    await expect(bar(page)).toContainText('3 records marked')
    await expect(marked(page)).toHaveCount(3)
  })
  const first = await keyOf(1)

  await test.step('in another order', async () => {
    await page.getByRole('button', { name: 'Newest first' }).click()
    await page.getByRole('menuitemradio', { name: 'Oldest first' }).click()
    await grid(page).focus()
    await page.keyboard.press('End')
    await expect(bar(page)).toContainText('3 records marked')
    await expect(marked(page)).toHaveCount(3)
    await expect(marked(page).last()).toContainText(first)
  })
  await test.step('among the hits of a search, all of which are marked too', async () => {
    await page.keyboard.press('/')
    await page.keyboard.type('refunded')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('region', { name: 'Search for' })).toContainText('10 hits')
    const before = await marked(page).count()
    await grid(page).focus()
    await page.keyboard.press('ControlOrMeta+a')
    await expect(page.getByText('All 10 hits in the table are marked')).toBeVisible()
    await expect(bar(page)).toContainText(`${13 - before} records marked`)
    await shot('hits')
  })
})

test('marked records are copied, compared, exported and replayed: these and no others', async ({ page, host }, info) => {
  const shot = (name: string) => page.screenshot({ path: info.outputPath(`${name}.png`) })
  await grid(page).focus()
  await page.keyboard.press('Home')
  for (const step of ['Space', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'Space']) await page.keyboard.press(step)
  await expect(bar(page)).toContainText('2 records marked')
  const keys = (await marked(page).allTextContents()).map(text => /order-\d+/.exec(text)?.[0] ?? '').toSorted()
  expect(keys).toHaveLength(2)

  await test.step('compare', async () => {
    await bar(page).getByRole('button', { name: 'Compare' }).click()
    await expect(dialog(page).getByRole('group', { name: 'Values' })).toContainText('"total"')
    await shot('compare')
    expect(
      (await new AxeBuilder({ page }).analyze()).violations.filter(each => ['serious', 'critical'].includes(each.impact ?? '')),
    ).toEqual([])
    await page.keyboard.press('Escape')
  })
  if (host === 'web') {
    await test.step('copy', async () => {
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
      await bar(page).getByRole('button', { name: 'Copy as NDJSON' }).click()
      await expect(page.getByText('Copied: 2 records as NDJSON')).toBeVisible()
      const copied = linesOf(await page.evaluate(() => navigator.clipboard.readText()))
      expect(copied.map(({ key }) => key).toSorted()).toEqual(keys)
    })
    await test.step('export', async () => {
      await bar(page).getByRole('button', { name: 'Export…' }).click()
      await expect(dialog(page)).toContainText('These and no others: 2 offsets')
      await shot('export')
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        dialog(page).getByRole('button', { name: 'Export', exact: true }).click(),
      ])
      const lines = linesOf(await readFile(await download.path(), 'utf8'))
      expect(lines.map(({ key }) => key).toSorted()).toEqual(keys)
      for (const { key, timestamp, headers } of lines) {
        const n = Number(key.slice('order-'.length))
        expect({ timestamp, headers }).toEqual({ timestamp: Date.UTC(2026, 0, 31, 12, n), headers: [{ key: 'trace', value: `t-${n}` }] })
      }
    })
  }
  await test.step('replay', async () => {
    await bar(page).getByRole('button', { name: 'Replay…' }).click()
    await dialog(page).getByRole('combobox', { name: 'To topic' }).selectOption(TO)
    await expect(dialog(page)).toContainText('2 records will be appended.')
    await shot('replay')
    await dialog(page)
      .getByRole('button', { name: `Replay to ${TO}` })
      .click()
    await expect(page.getByText(`2 records replayed to ${TO}`)).toBeVisible({ timeout: 30_000 })
    await go(page, `/topics/${TO}/messages`)
    await expect(rows(page).filter({ hasText: 'order-' })).toHaveCount(2)
    await expect(bar(page)).toBeHidden()
    const there = await rows(page).filter({ hasText: 'order-' }).allTextContents()
    expect(there.map(text => /order-\d+/.exec(text)?.[0] ?? '').toSorted()).toEqual(keys)
  })
})

test('a marked record that was deleted meanwhile is named', async ({ page, cluster }) => {
  const topic = 'fading'
  const kafka = foreignClient(cluster.bootstrap)
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 3 }] })
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, acks: -1, messages: Array.from({ length: 10 }, (_, n) => ({ key: `fading-${n}`, value: String(n) })) })
  await producer.disconnect()
  await go(page, `/topics/${topic}/messages`)
  await expect(rows(page).filter({ hasText: 'fading-' })).toHaveCount(10)
  await grid(page).focus()
  await page.keyboard.press('ControlOrMeta+a')
  await expect(bar(page)).toContainText('10 records marked')
  await admin.fetchTopicOffsets(topic) // kafkajs has to know the leader before
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '3' }] })
  await admin.disconnect()
  await bar(page).getByRole('button', { name: 'Replay…' }).click()
  await dialog(page).getByRole('combobox', { name: 'To topic' }).selectOption(TO)
  await expect(dialog(page)).toContainText('7 records will be appended.')
  await expect(dialog(page)).toContainText('3 of the marked offsets are not in the log any more.')
  await dialog(page)
    .getByRole('button', { name: `Replay to ${TO}` })
    .click()
  await expect(page.getByText('partition 0, offsets 0 to 2 (deleted, the log begins later)')).toBeVisible({ timeout: 30_000 })
})

test('columns are moved, made wider and taken from a record with the keyboard alone', async ({ page }, info) => {
  const heads = () => page.getByRole('columnheader').allTextContents()
  const head = (name: string) => page.getByRole('columnheader', { name, exact: true })
  await grid(page).focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Alt+ArrowRight')
  await expect.poll(heads).toEqual(['Part.', 'Time', 'Offset', 'Key', 'Value', 'Bytes'])
  const width = async () => (await head('Offset').boundingBox())?.width ?? 0
  const before = await width()
  await page.keyboard.press('Alt+Shift+ArrowRight')
  await expect.poll(width).toBe(before + 24)
  await page.keyboard.press('Alt+Shift+ArrowDown')
  await expect.poll(width).toBe(before)
  await page.keyboard.press('Alt+ArrowLeft')
  await expect.poll(heads).toEqual(['Part.', 'Offset', 'Time', 'Key', 'Value', 'Bytes'])
  await page.screenshot({ path: info.outputPath('head.png') })

  await page.keyboard.press('Home')
  await page.keyboard.press('Enter')
  const tree = page.getByRole('complementary', { name: 'Record' }).getByRole('tree')
  await expect(tree).toContainText('"status"')
  for (let n = 0; n < 20 && !(await tree.evaluate(element => element === document.activeElement)); n++) await page.keyboard.press('Tab')
  await expect(tree).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(head('status')).toBeVisible()
  await page.screenshot({ path: info.outputPath('taken.png') })
  await page.keyboard.press('Escape')
  await expect(grid(page)).toBeFocused()
})

test('everybody can use marked records, in both themes and languages', async ({ page }, info) => {
  const complaints = async () => {
    const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
    return violations.map(each => `${each.id}: ${each.nodes.map(node => node.html).join(' ')}`)
  }
  await grid(page).focus()
  await page.keyboard.press('Home')
  for (let n = 0; n < 4; n++) await page.keyboard.press('Shift+ArrowDown')
  for (const theme of ['Dark', 'Light']) {
    await page.getByRole('button', { name: 'Theme' }).click()
    await page.getByRole('menuitemradio', { name: theme, exact: true }).click()
    await expect(bar(page)).toContainText('5 records marked')
    await page.screenshot({ path: info.outputPath(`marked-${theme.toLowerCase()}.png`) })
    expect(await complaints(), theme).toEqual([])
  }
  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitemradio', { name: '简体中文' }).click()
  await expect(page.getByRole('region', { name: '已标记的记录' })).toContainText('已标记 5 条记录')
  await page.screenshot({ path: info.outputPath('marked-chinese.png') })
  expect(await complaints(), 'Chinese').toEqual([])
})
