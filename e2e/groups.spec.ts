import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from './support/app.ts'
import { consumeAll, foreignClient } from './support/clients.ts'

test.use({ hostName: 'groups' })
test.setTimeout(150_000)

const RECORDS = 60
const go = (page: Page, path: string) => page.evaluate(to => (location.hash = `#${to}`), path)

/** What surrounds every screen is looked at with every screen. */
async function noViolations(page: Page, where: string, within = 'main') {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).include(within).analyze()
  expect(
    violations.map(each => `${each.id}: ${each.nodes.map(node => node.html).join(' ')}`),
    `axe on ${where}`,
  ).toEqual([])
}

test('a group that lags is found, reset to where one wants it, and deleted', async ({ page, cluster }, info) => {
  const kafka = foreignClient(cluster.bootstrap)
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'orders', numPartitions: 2, replicationFactor: 3 }] })
  const producer = kafka.producer()
  await producer.connect()
  const produce = () =>
    producer.send({
      topic: 'orders',
      acks: -1,
      messages: Array.from({ length: RECORDS }, (_, n) => ({ partition: n % 2, value: `order-${n}` })),
    })
  await produce()
  const { consumer, values } = await consumeAll(kafka, { topic: 'orders', groupId: 'fulfilment' })
  await expect.poll(() => values.length).toBe(RECORDS)

  await go(page, '/groups/fulfilment')
  const partitions = page.getByRole('grid', { name: 'Lag by partition' })
  await expect(partitions.getByRole('row', { name: /orders-0 .*OK.*caught up/ })).toBeVisible()

  // While it has members a reset is not to be had, and that is said before one tries.
  await page.getByRole('button', { name: 'Reset offsets' }).click()
  const reset = page.getByRole('complementary', { name: 'Reset offsets' })
  await expect(reset.getByText('1 member is active.')).toBeVisible()
  await reset.getByRole('radio', { name: 'Earliest' }).click()
  await expect(reset.getByText('Read again')).toBeVisible()
  await expect(reset.getByRole('button', { name: /^Reset \d/ })).toHaveCount(0)
  await reset.getByRole('button', { name: 'Reset when empty' }).click()
  await expect(reset.getByText('Trilog waits until they stop')).toBeVisible()
  await reset.getByRole('button', { name: 'Stop waiting' }).click()
  await noViolations(page, 'a reset that is blocked')

  await consumer.disconnect()
  await produce()
  await expect(partitions.getByRole('row', { name: /orders-0 .*Stopped.*nobody reads/ })).toBeVisible({ timeout: 40_000 })
  await page.screenshot({ path: info.outputPath('stopped.png') })

  // 60 were read, 60 more came: back by ten in each partition.
  await reset.getByRole('radio', { name: 'Shift' }).click()
  await reset.getByLabel('By how many records').fill('-10')
  const preview = reset.getByRole('grid', { name: 'Preview, nothing is changed yet' })
  await expect(preview.getByRole('row', { name: '0 30 20 −10' })).toBeVisible()
  await expect(reset.locator('dl')).toContainText('Read again20')
  await page.screenshot({ path: info.outputPath('reset.png') })
  await reset.getByRole('button', { name: 'Reset 2 partitions' }).click()
  await expect(page.getByText('fulfilment goes on elsewhere on 2 partitions')).toBeVisible()
  const [offsets] = await admin.fetchOffsets({ groupId: 'fulfilment', topics: ['orders'] })
  expect(offsets?.partitions.map(each => each.offset)).toEqual(['20', '20'])
  await noViolations(page, 'a reset')

  // The list tells the same.
  await go(page, '/groups')
  const groups = page.getByRole('grid', { name: 'Groups' })
  await expect(groups.getByRole('row', { name: /^fulfilment .*80/ })).toBeVisible()
  await page.getByLabel('Filter by group').fill('nothing of the sort')
  await expect(groups.getByRole('row', { name: /^fulfilment/ })).toHaveCount(0)
  await page.getByLabel('Filter by group').fill('FULF')
  await expect(groups.getByRole('row', { name: /^fulfilment/ })).toBeVisible()

  await go(page, '/groups/fulfilment')
  await page.getByRole('button', { name: 'Delete group…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Type fulfilment to confirm').fill('fulfilment')
  await dialog.getByRole('button', { name: 'Delete fulfilment' }).click()
  await expect(page).toHaveURL(/#\/groups$/)
  expect((await admin.listGroups()).groups.map(({ groupId }) => groupId)).not.toContain('fulfilment')
  await producer.disconnect()
  await admin.disconnect()
})

test('an alert is kept, and says when lag is above its limit', async ({ page, cluster }, info) => {
  const kafka = foreignClient(cluster.bootstrap)
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'alarms', numPartitions: 1, replicationFactor: 3 }] })
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic: 'alarms', acks: -1, messages: Array.from({ length: 50 }, (_, n) => ({ value: `${n}` })) })
  await admin.setOffsets({ groupId: 'watched', topic: 'alarms', partitions: [{ partition: 0, offset: '10' }] })

  await go(page, '/groups/watched')
  await page.getByRole('button', { name: 'Alert…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Alert on the lag of watched' })
  await dialog.getByLabel('Above').fill('30')
  await dialog.getByLabel('For samples in a row').fill('1')
  await noViolations(page, 'the alert', '[role=dialog]')
  await dialog.getByRole('button', { name: 'Save alert' }).click()
  await expect(page.getByRole('button', { name: 'Alert is on…' })).toBeVisible()
  await expect(page.getByText('Lag of watched is above its limit')).toBeVisible({ timeout: 30_000 })
  await page.screenshot({ path: info.outputPath('alarm.png') })
  await producer.disconnect()
  await admin.disconnect()
})
