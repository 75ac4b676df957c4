import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from './support/app.ts'
import { consumeAll, foreignClient } from './support/clients.ts'

test.use({ hostName: 'every screen' })
test.setTimeout(180_000)

const screens = [
  { name: 'cluster', path: '/cluster', ready: (page: Page) => page.getByRole('region', { name: 'Broker 1', exact: true }) },
  {
    name: 'topics',
    path: '/topics',
    ready: (page: Page) => page.getByRole('grid', { name: 'Topics' }).getByRole('row', { name: /^payments/ }),
  },
  {
    name: 'messages',
    path: '/topics/payments/messages',
    ready: (page: Page) => page.getByRole('grid', { name: 'Messages' }).getByRole('row', { name: /record-1\b/ }),
  },
  {
    name: 'partitions',
    path: '/topics/payments/partitions',
    ready: (page: Page) => page.getByRole('grid', { name: 'Partitions' }).getByRole('row').nth(1),
  },
  {
    name: 'segments',
    path: '/topics/payments/segments',
    ready: (page: Page) => page.getByRole('grid', { name: 'Batches' }).getByRole('row').nth(1),
  },
  {
    name: 'config',
    path: '/topics/payments/config',
    ready: (page: Page) => page.getByRole('grid', { name: 'Configs' }).getByRole('row', { name: /^retention\.ms/ }),
  },
  {
    name: 'statistics',
    path: '/topics/payments/statistics',
    ready: async (page: Page) => {
      await page.getByRole('button', { name: 'Run', exact: true }).click()
      return page.getByText('Read 20 of all 20 offsets.')
    },
  },
  {
    name: 'broker',
    path: '/brokers/1',
    ready: (page: Page) => page.getByRole('grid', { name: 'Configs' }).getByRole('row', { name: /^node\.id/ }),
  },
  {
    name: 'metadata',
    path: '/metadata',
    ready: (page: Page) => page.getByRole('grid', { name: 'Metadata log' }).getByRole('row').nth(2),
  },
  { name: 'audit', path: '/audit', ready: (page: Page) => page.getByRole('heading', { name: 'Audit log' }) },
  {
    name: 'groups',
    path: '/groups',
    ready: (page: Page) => page.getByRole('grid', { name: 'Groups' }).getByRole('row', { name: /^accounting/ }),
  },
  {
    name: 'group',
    path: '/groups/accounting',
    ready: (page: Page) =>
      page
        .getByRole('grid', { name: 'Lag by partition' })
        .getByRole('row', { name: /^payments/ })
        .first(),
  },
]

/** What axe has to say of the page. */
async function complaintsOn(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  return violations.map(each => `${each.id}: ${each.nodes.map(node => node.html).join(' ')}`)
}

/** As a link within the app leads there: the page stays the one that was loaded. */
const go = (page: Page, path: string) => page.evaluate(to => (location.hash = `#${to}`), path)

test('every screen, in both themes, can be used by everybody', async ({ page, cluster }, info) => {
  const kafka = foreignClient(cluster.bootstrap)
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'payments', numPartitions: 2, replicationFactor: 3 }] })
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({
    topic: 'payments',
    acks: -1,
    messages: Array.from({ length: 20 }, (_, n) => ({ key: `record-${n}`, value: `{"amount":${n}}` })),
  })
  const { consumer, values } = await consumeAll(kafka, { topic: 'payments', groupId: 'accounting' })
  await expect.poll(() => values.length).toBe(20)

  for (const theme of ['Dark', 'Light']) {
    await page.getByRole('button', { name: 'Theme' }).click()
    await page.getByRole('menuitemradio', { name: theme, exact: true }).click()
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme.toLowerCase())
    for (const { name, path, ready } of screens) {
      await go(page, path)
      await expect(await ready(page)).toBeVisible()
      await page.screenshot({ path: info.outputPath(`${name}-${theme.toLowerCase()}.png`) })
      expect(await complaintsOn(page), `axe on ${name}, ${theme}`).toEqual([])
    }
  }
  await consumer.disconnect()
  await producer.disconnect()
  await admin.disconnect()
})

test('the language changes while one looks, and stays', async ({ page }, info) => {
  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitemradio', { name: '简体中文' }).click()
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN')
  await expect(page.getByRole('link', { name: '集群' })).toBeVisible()
  for (const { name, path } of screens) {
    await go(page, path)
    await expect(page.locator('main h1')).toBeVisible()
    await page.screenshot({ path: info.outputPath(`${name}-chinese.png`) })
    expect(await complaintsOn(page), `axe on ${name}, Chinese`).toEqual([])
  }
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN')
})
