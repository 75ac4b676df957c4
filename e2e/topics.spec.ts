import type { Admin } from 'kafkajs'
import type { Locator, Page } from '@playwright/test'
import { expect, test } from './support/app.ts'
import { foreignClient } from './support/clients.ts'

test.use({ hostName: 'topics' })
test.setTimeout(120_000)

/** As a link leads there, once the app has opened its first screen. */
async function go(page: Page, path: string): Promise<void> {
  await expect(page.getByRole('region', { name: 'Broker 1', exact: true })).toBeVisible()
  await page.evaluate(to => (location.hash = `#${to}`), path)
}
const row = (page: Page, grid: string, name: string | RegExp): Locator => page.getByRole('grid', { name: grid }).getByRole('row', { name })

async function withAdmin(bootstrap: string, act: (admin: Admin) => Promise<void>): Promise<void> {
  const admin = foreignClient(bootstrap).admin()
  await admin.connect()
  try {
    await act(admin)
  } finally {
    await admin.disconnect()
  }
}

async function aTopic(bootstrap: string, topic: string, records = 0): Promise<void> {
  await withAdmin(bootstrap, async admin => {
    await admin.createTopics({ topics: [{ topic, numPartitions: 2, replicationFactor: 3 }] })
  })
  if (records === 0) return
  const producer = foreignClient(bootstrap).producer()
  await producer.connect()
  const messages = Array.from({ length: records }, (_, n) => ({ partition: n % 2, key: `key-${n}`, value: `value ${n}` }))
  await producer.send({ topic, acks: -1, messages })
  await producer.disconnect()
}

/** A resource type, as Kafka numbers it. */
const TOPIC = 2

/** What a foreign client reads of one config. */
async function configOf(admin: Admin, topic: string, name: string) {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: TOPIC, name: topic, configNames: [name] }],
  })
  return resources[0]?.configEntries.find(entry => entry.configName === name)?.configValue
}

test('a config is changed after a look at what changes, refused at its field, and taken back', async ({ page, cluster }, info) => {
  await aTopic(cluster.bootstrap, 'configured')
  await go(page, '/topics/configured/config')
  await row(page, 'Configs', /^retention\.ms/).click()
  const value = page.getByRole('region', { name: 'retention.ms' }).getByRole('textbox', { name: 'Value' })

  await value.fill('an hour')
  await expect(page.getByRole('region', { name: 'retention.ms' })).toContainText('A whole number.')
  await expect(page.getByRole('button', { name: 'Review 1 change…' })).toBeDisabled()

  await value.fill('-7')
  await page.getByRole('button', { name: 'Review 1 change…' }).click()
  await expect(page.getByRole('dialog').getByRole('row', { name: /retention\.ms/ })).toContainText('-7')
  await expect(page.getByRole('dialog').getByRole('button', { name: 'Apply 1 change' })).toBeDisabled()
  await page.keyboard.press('Escape')
  await expect(value).toHaveAttribute('aria-invalid', 'true')

  await value.fill('3600000')
  await page.getByRole('button', { name: 'Review 1 change…' }).click()
  await expect(page.getByRole('dialog').getByRole('row', { name: /retention\.ms/ })).toContainText('604800000')
  await page.screenshot({ path: info.outputPath('preview.png') })
  await page.getByRole('dialog').getByRole('button', { name: 'Apply 1 change' }).click()
  await expect(row(page, 'Configs', /^retention\.ms/)).toContainText('this topic')
  await withAdmin(cluster.bootstrap, async admin => expect(await configOf(admin, 'configured', 'retention.ms')).toBe('3600000'))

  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(row(page, 'Configs', /^retention\.ms/)).not.toContainText('this topic')
  await withAdmin(cluster.bootstrap, async admin => expect(await configOf(admin, 'configured', 'retention.ms')).toBe('604800000'))
})

test('partitions are added, with a word on keys', async ({ page, cluster }) => {
  await aTopic(cluster.bootstrap, 'growing')
  await go(page, '/topics/growing/partitions')
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: 'Add partitions…' }).click()
  await expect(page.getByRole('dialog')).toContainText('Which partition a key goes to')
  await page.getByRole('textbox', { name: 'Partitions' }).fill('5')
  await page.getByRole('button', { name: 'Raise from 2 to 5' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page.getByRole('grid', { name: 'Partitions' }).getByRole('row')).toHaveCount(6)
})

test('records are deleted up to an offset, and how many that is was said before', async ({ page, cluster }) => {
  await aTopic(cluster.bootstrap, 'shrinking', 40)
  await go(page, '/topics/shrinking/partitions')
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: 'Delete records…' }).click()
  await page.getByRole('textbox', { name: 'Delete before offset, partition 1' }).fill('7')
  await page.getByRole('button', { name: 'Delete 7 offsets of shrinking' }).click()
  await expect(page.getByText('7 offsets of shrinking deleted')).toBeVisible()
  await withAdmin(cluster.bootstrap, async admin => {
    const offsets = await admin.fetchTopicOffsets('shrinking')
    expect(offsets.toSorted((a, b) => a.partition - b.partition).map(({ low, high }) => [low, high])).toEqual([
      ['0', '20'],
      ['7', '20'],
    ])
  })
})

test('a topic is cloned with its records, counted, and deleted by its name', async ({ page, cluster }, info) => {
  await aTopic(cluster.bootstrap, 'original', 100)
  await go(page, '/topics/original/partitions')
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: 'Clone…' }).click()
  await page.getByRole('checkbox', { name: /Copy the records too/ }).check()
  await page.getByRole('dialog').getByRole('button', { name: 'Clone', exact: true }).click()
  await expect(page.getByText('original was cloned to original-copy')).toBeVisible()
  await page.getByRole('button', { name: 'Open', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'original-copy', level: 1 })).toBeVisible()

  await page.getByRole('link', { name: 'Statistics' }).click()
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await expect(page.getByText('Read 100 of all 100 offsets.')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Statistics', exact: true }).first()).toContainText('Distinct keys100')
  await page.screenshot({ path: info.outputPath('statistics.png') })

  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: 'Delete original-copy…' }).click()
  await page.getByRole('textbox', { name: 'Type original-copy to confirm' }).fill('original-copy')
  await page.getByRole('button', { name: 'Delete original-copy', exact: true }).click()
  await expect(row(page, 'Topics', /^original-copy/)).toHaveCount(0)
  await expect(page.getByRole('tab', { name: 'original-copy' })).toHaveCount(0)

  await page.getByRole('link', { name: 'Audit log' }).click()
  await expect(row(page, 'Audit log', /topics\.delete.*original-copy/).first()).toContainText('Done')
  await expect(row(page, 'Audit log', /topics\.clone.*original-copy/).first()).toContainText('Done')
  await page.screenshot({ path: info.outputPath('audit.png') })
})

test('the palette by keyboard: to a topic, to a tab and back, and what was used lately comes first', async ({ page, cluster }, info) => {
  await aTopic(cluster.bootstrap, 'alpha.orders')
  await aTopic(cluster.bootstrap, 'beta.orders')
  await page.getByRole('link', { name: 'Topics' }).click()
  await expect(row(page, 'Topics', /^beta\.orders/)).toBeVisible()
  const find = async (typed: string) => {
    await page.keyboard.press('Control+k')
    await expect(page.getByRole('combobox')).toBeFocused()
    await page.keyboard.type(typed)
  }
  await find('bord')
  await expect(page.getByRole('option', { selected: true })).toContainText('beta.orders')
  await page.screenshot({ path: info.outputPath('palette.png') })
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'beta.orders', level: 1 })).toBeVisible()

  await find('orders')
  await expect(page.getByRole('option', { selected: true })).toContainText('beta.orders')
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('option', { selected: true })).toContainText('alpha.orders')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'alpha.orders', level: 1 })).toBeVisible()

  await expect(page.getByRole('tab')).toHaveCount(2)
  await page.getByRole('tab', { name: 'alpha.orders' }).focus()
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('Delete')
  await expect(page.getByRole('tab')).toHaveCount(1)
  await page.getByRole('tab', { name: 'alpha.orders' }).click({ button: 'middle' })
  await expect(page.getByRole('heading', { name: 'Topics', level: 1 })).toBeVisible()

  await find('theme light')
  await page.keyboard.press('Enter')
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light')
})

test('in read-only mode what changes something is not there, and the tree leads everywhere', async ({ page, cluster }) => {
  await aTopic(cluster.bootstrap, 'guarded')
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Read-only mode' }).click()
  await expect(page.getByRole('region', { name: 'Broker 1', exact: true })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Kill' })).toHaveCount(0)
  await page.getByRole('link', { name: 'Topics' }).click()
  await expect(page.getByRole('button', { name: 'Create topic' })).toHaveCount(0)

  const tree = page.getByRole('tree', { name: 'Topics by name' })
  await expect(tree.getByRole('treeitem', { name: 'guarded' })).toBeVisible()
  await page.getByRole('searchbox', { name: 'Filter names' }).fill('guar')
  await expect(tree.getByRole('treeitem')).toHaveCount(1)
  await tree.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'guarded', level: 1 })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Actions' })).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Produce' })).toHaveCount(0)
  await page.keyboard.press('Control+k')
  await page.keyboard.type('kill broker')
  await expect(page.getByText('Nothing is called that.').last()).toBeVisible()

  // The host refuses whoever asks, not only this page.
  await expect(cluster.trilog('kill', '1')).rejects.toThrow('read-only mode')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Read-only mode' }).click()
  await expect(page.getByRole('button', { name: 'Actions' })).toBeVisible()
})
