import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from './support/app.ts'
import { foreignClient, leaderOf } from './support/clients.ts'

test.use({ hostName: 'metadata' })
test.setTimeout(180_000)
/** A batch may have a megabyte. */
const AT_ONCE = 500

async function go(page: Page, path: string): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible()
  await page.evaluate(to => (location.hash = `#${to}`), path)
}
async function setTheme(page: Page, theme: 'Dark' | 'Light'): Promise<void> {
  await page.getByRole('button', { name: 'Theme' }).click()
  await page.getByRole('menuitemradio', { name: theme, exact: true }).click()
}
async function complaintsOn(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  return violations.map(each => `${each.id}: ${each.nodes.map(node => node.html).join(' ')}`)
}
async function aTopic(bootstrap: string, topic: string, replicas: number[][]): Promise<void> {
  const admin = foreignClient(bootstrap).admin()
  await admin.connect()
  const replicaAssignment = replicas.map((each, partition) => ({ partition, replicas: each }))
  await admin.createTopics({ topics: [{ topic, replicaAssignment }] })
  await admin.disconnect()
}
async function filled(bootstrap: string, topic: string, count: number): Promise<void> {
  const producer = foreignClient(bootstrap).producer()
  await producer.connect()
  for (let from = 0; from < count; from += AT_ONCE) {
    const messages = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, n) => ({ partition: 0, value: `${n}`.padEnd(1_000, 'x') }))
    await producer.send({ topic, acks: -1, messages })
  }
  await producer.disconnect()
}
const log = (page: Page) => page.getByRole('grid', { name: 'Metadata log' })
const then = (page: Page) => page.getByRole('region', { name: 'The cluster as of this record' })

test('the metadata log tells what happened, is scrubbed back and forth, and goes on', async ({ page, cluster }, info) => {
  await aTopic(cluster.bootstrap, 'ledger', [
    [1, 2, 3],
    [2, 3, 1],
  ])
  await go(page, '/metadata')
  await expect(page.getByRole('region', { name: 'Quorum' }).getByRole('row')).toHaveCount(4)
  await expect(page.getByRole('region', { name: 'Quorum' })).toContainText('leads in epoch')
  await expect(log(page).getByRole('row', { name: /ledger-1.*Created on brokers 2, 3, 1/ })).toBeVisible()

  await log(page)
    .getByRole('row', { name: /Topic ledger was created/ })
    .click()
  await expect(then(page)).toContainText('Topic ledger was created')
  await expect(then(page).getByRole('row', { name: /ledger/ })).toContainText('0')
  await expect(page.getByRole('button', { name: 'Follow' })).toHaveAttribute('aria-pressed', 'false')
  await page.getByRole('button', { name: 'Next record' }).click()
  await page.getByRole('button', { name: 'Next record' }).click()
  await then(page).getByRole('button', { name: 'ledger' }).click()
  await expect(then(page).getByRole('row', { name: /^1/ })).toContainText('2, 3, 1')
  await then(page).getByRole('radio', { name: 'Record' }).click()
  await expect(then(page)).toContainText('"partitionId": 1')
  await page.screenshot({ path: info.outputPath('record.png') })

  // By keyboard, to the beginning of everything.
  await page.getByRole('slider', { name: 'Place in the metadata log' }).focus()
  await page.keyboard.press('Home')
  await expect(then(page).getByRole('heading', { level: 2 })).toHaveText('As of offset 0')
  await expect(page).toHaveURL(/offset=0$/)
  await then(page).getByRole('radio', { name: 'Cluster' }).click()
  await expect(then(page)).toContainText('There was no topic yet.')

  await page.getByRole('button', { name: 'Follow' }).click()
  await cluster.trilog('kill', '1')
  await expect(log(page).getByRole('row', { name: /Broker 1 was fenced/ })).toBeVisible({ timeout: 30_000 })
  await expect(
    log(page)
      .getByRole('row', { name: /ledger-0.*leads now, before it was 1/ })
      .first(),
  ).toBeVisible({ timeout: 30_000 })
  await page.screenshot({ path: info.outputPath('followed.png') })

  await page.getByRole('combobox', { name: 'Broker' }).selectOption('Broker 1')
  await page.getByRole('searchbox', { name: 'Topic' }).fill('no such topic')
  await expect(page.getByText('No record matches the filter.')).toBeVisible()
  await page.getByRole('button', { name: 'Clear the filter' }).click()
  await expect(log(page).getByRole('row').nth(3)).toBeVisible()
  await cluster.trilog('restart', '1')
})

test('with all brokers stopped the log is there, and what the quorum does not tell is said', async ({ page, cluster }, info) => {
  for (const id of ['1', '2', '3']) await cluster.trilog('stop', id)
  await go(page, '/metadata')
  await expect(log(page).getByRole('row').nth(3)).toBeVisible()
  await expect(page.getByRole('region', { name: 'Quorum' })).toContainText('does not tell of its quorum', { timeout: 30_000 })
  for (const theme of ['Dark', 'Light'] as const) {
    await setTheme(page, theme)
    await page.screenshot({ path: info.outputPath(`stopped-${theme}.png`) })
    expect(await complaintsOn(page), `axe, ${theme}`).toEqual([])
  }
  await cluster.trilog('restart', '1', '2', '3')
})

test('preferred leaders are elected after a look at what that moves', async ({ page, cluster }, info) => {
  await aTopic(cluster.bootstrap, 'elected', [[2, 1, 3]])
  await cluster.trilog('restart', '2')
  const admin = foreignClient(cluster.bootstrap).admin()
  await admin.connect()
  await go(page, '/topics/elected/partitions')
  await page.getByRole('button', { name: 'Leaders and replicas' }).click()
  await page.getByRole('menuitem', { name: 'Elect preferred leaders…' }).click()
  await expect(page.getByRole('dialog')).toContainText(/led by its preferred replica already|elected-0/)
  await page.screenshot({ path: info.outputPath('elect.png') })
  const elect = page.getByRole('button', { name: 'Elect 1 leader' })
  if (await elect.isVisible()) await elect.click()
  else await page.keyboard.press('Escape')
  await expect.poll(() => leaderOf(admin, 'elected', 0), { timeout: 30_000 }).toBe(2)
  await admin.disconnect()
})

test('replicas are reassigned: as typed, throttled, seen on their way, cancelled, and by a plan', async ({ page, cluster }, info) => {
  await aTopic(cluster.bootstrap, 'wanderer', [[1], [1]])
  await filled(cluster.bootstrap, 'wanderer', 8_000)
  await go(page, '/topics/wanderer/partitions')
  await page.getByRole('button', { name: 'Leaders and replicas' }).click()
  await page.getByRole('menuitem', { name: 'Reassign replicas…' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText(/of 2 partitions change/)
  for (const theme of ['Dark', 'Light']) {
    await page.evaluate(to => (document.documentElement.dataset['theme'] = to), theme.toLowerCase())
    await page.screenshot({ path: info.outputPath(`plan-${theme}.png`) })
    expect(await complaintsOn(page), `axe on the plan, ${theme}`).toEqual([])
  }

  await dialog.getByRole('radio', { name: 'As typed' }).click()
  const field = dialog.getByRole('textbox', { name: 'Replicas of partition 0' })
  await field.fill('7')
  await expect(dialog.getByRole('button', { name: 'Preview' })).toBeDisabled()
  await field.fill('2')
  await dialog.getByRole('button', { name: 'Preview' }).click()
  await expect(dialog).toContainText(/1 of 2 partitions changes; 8\.\d+ MB/)
  await dialog.getByRole('textbox', { name: 'Copy at most' }).fill('0.2')
  await dialog.getByRole('button', { name: 'Start 1 move' }).click()

  const underway = page.getByRole('region', { name: 'Moves under way' })
  await expect(underway.getByRole('row', { name: /wanderer-0/ })).toContainText('MB', { timeout: 30_000 })
  await expect(underway).toContainText('held to 200 KB/s')
  await expect(underway).toContainText('Trilog removes the throttle when this move has ended.')
  await page.screenshot({ path: info.outputPath('underway.png') })
  expect(await complaintsOn(page), 'axe on moves under way').toEqual([])
  await underway.getByRole('button', { name: 'Cancel the move of wanderer-0' }).click()
  await expect(page.getByText('1 move was cancelled')).toBeVisible()
  await expect(underway).toHaveCount(0, { timeout: 30_000 })

  await page.getByRole('button', { name: 'Leaders and replicas' }).click()
  await page.getByRole('menuitem', { name: 'Reassign replicas…' }).click()
  await dialog.getByRole('button', { name: 'Start 1 move' }).click()
  await expect(page.getByText('1 partition has moved')).toBeVisible({ timeout: 60_000 })
  const admin = foreignClient(cluster.bootstrap).admin()
  await admin.connect()
  await expect.poll(async () => new Set([await leaderOf(admin, 'wanderer', 0), await leaderOf(admin, 'wanderer', 1)]).size).toBe(2)
  await admin.disconnect()
})

test('a broker tells what it is asked and how long it takes, and can be drained as far as others take it', async ({
  page,
  cluster,
}, info) => {
  await aTopic(cluster.bootstrap, 'asked', [[1, 2]])
  await aTopic(cluster.bootstrap, 'everywhere', [[1, 2, 3]])
  await filled(cluster.bootstrap, 'asked', 10)
  await go(page, '/brokers/1')
  const requests = page.getByRole('region', { name: 'Requests' })
  await expect(requests.getByRole('row', { name: /^Metadata/ })).toBeVisible({ timeout: 30_000 })
  await expect(requests.getByRole('row', { name: /^Fetch from brokers/ })).toBeVisible()
  await expect(requests).toContainText('CPU')
  await page.screenshot({ path: info.outputPath('requests.png') })
  await page.getByRole('button', { name: 'Leaders and replicas' }).click()
  await page.getByRole('menuitem', { name: 'Move everything off this broker…' }).click()
  await expect(page.getByRole('dialog')).toContainText('cannot leave')
  await page.screenshot({ path: info.outputPath('drain.png') })
})

test('in Chinese the screen says the same', async ({ page }, info) => {
  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitemradio', { name: '简体中文' }).click()
  await go(page, '/metadata')
  await expect(page.getByRole('grid', { name: '元数据日志' }).getByRole('row').nth(2)).toBeVisible()
  await expect(page.getByRole('region', { name: 'Quorum' })).toContainText('领导')
  await page.screenshot({ path: info.outputPath('chinese.png') })
  expect(await complaintsOn(page)).toEqual([])
})
