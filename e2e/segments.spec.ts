import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from './support/app.ts'
import { foreignClient, leaderOf } from './support/clients.ts'

test.use({ hostName: 'segments' })
test.setTimeout(180_000)

const LOG = '00000000000000000000.log'

/** As a link leads there, once the app has opened its first screen. */
async function go(page: Page, path: string): Promise<void> {
  await expect(page.getByRole('region', { name: 'Broker 1', exact: true })).toBeVisible()
  await page.evaluate(to => (location.hash = `#${to}`), path)
}

/** Six batches of ten records of about 600 bytes. Answers who leads. */
async function fill(bootstrap: string, topic: string): Promise<number> {
  const kafka = foreignClient(bootstrap)
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 3 }] })
  const producer = kafka.producer()
  await producer.connect()
  for (let batch = 0; batch < 6; batch++) {
    const messages = Array.from({ length: 10 }, (_, n) => ({
      key: `key-${batch * 10 + n}`,
      value: `value ${batch * 10 + n} ${'x'.repeat(600)}`,
    }))
    await producer.send({ topic, acks: -1, messages })
  }
  await producer.disconnect()
  const leader = await leaderOf(admin, topic, 0)
  await admin.disconnect()
  return leader
}

/** Changes one byte of a file, as a bad disk would. */
async function damage(path: string, find: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const at = (await file.readFile()).indexOf(find)
    await file.write(Buffer.from('?'), 0, 1, at)
  } finally {
    await file.close()
  }
}

async function complaintsOn(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  return violations.map(each => `${each.id}: ${each.nodes.map(node => node.html).join(' ')}`)
}
const fileRow = (page: Page, name: string) => page.getByRole('grid', { name: 'Files' }).getByRole('row', { name: new RegExp(`^${name}`) })

test('files, batches, fields and bytes of a partition, and from a message to its bytes', async ({ page, cluster }, info) => {
  await fill(cluster.bootstrap, 'whole')
  await go(page, '/topics/whole/segments')
  await expect(fileRow(page, LOG)).toContainText('0 to 59, active')
  await expect(page.getByText('All replicas hold the same bytes, offsets 0 to 59.')).toBeVisible()
  const batches = page.getByRole('grid', { name: 'Batches' })
  await expect(batches.getByRole('row', { name: /^50 10 / })).toContainText('valid')
  const inspector = page.getByRole('region', { name: 'Batch at 50' })
  await expect(inspector).toContainText('is valid over bytes 21 to')

  const fields = inspector.getByRole('listbox', { name: 'Header fields' })
  await fields.getByRole('option', { name: /Record count/ }).click()
  await expect(inspector.getByText('57 to 60')).toBeVisible()
  await page.keyboard.press('ArrowUp')
  await expect(inspector.getByText('53 to 56')).toBeVisible()
  await inspector.getByRole('group', { name: 'Bytes' }).focus()
  await page.keyboard.press('PageUp')
  await page.keyboard.press('Home')
  await expect(fields.getByRole('option', { name: /Base offset/ })).toHaveAttribute('aria-selected', 'true')
  await page.screenshot({ path: info.outputPath('whole.png') })

  await fileRow(page, '00000000000000000000.index').click()
  const entries = page.getByRole('grid', { name: 'Entries' })
  await expect(entries.getByRole('row').nth(1)).toContainText('fits the log')
  await page.screenshot({ path: info.outputPath('index.png') })
  await entries.getByRole('row').nth(1).click()
  await expect(page.getByRole('region', { name: 'Batch at 10' })).toBeVisible()
  await entries.getByRole('row').nth(1).dblclick()
  await expect(batches.getByRole('row').nth(1)).toBeVisible()
  await fileRow(page, 'leader-epoch-checkpoint').click()
  await expect(page.getByRole('grid', { name: 'Entries' }).getByRole('row').nth(1)).toBeVisible()

  await page.getByRole('link', { name: 'Messages' }).click()
  const message = page.getByRole('grid', { name: 'Messages' }).getByRole('row', { name: /key-37\b/ })
  await message.dblclick()
  await page.getByRole('button', { name: 'Bytes', exact: true }).click()
  await expect(page.getByRole('region', { name: 'Batch at 30' })).toBeVisible()
  const records = page.getByRole('grid', { name: 'Records of the batch' })
  await expect(records.getByRole('row', { name: /^37 / })).toHaveAttribute('aria-selected', 'true')
  await expect(page).toHaveURL(/partition=0/)
  await page.screenshot({ path: info.outputPath('record.png') })
})

test('a damaged byte on one replica is found, named and shown beside the others, its broker killed or not', async ({
  page,
  cluster,
}, info) => {
  const leader = await fill(cluster.bootstrap, 'damaged')
  const hurt = cluster.brokers.find(({ id }) => id !== leader)!
  await expect.poll(async () => (await stat(join(hurt.dir, 'damaged-0', LOG))).size).toBeGreaterThan(36_000)
  await damage(join(hurt.dir, 'damaged-0', LOG), 'value 23')

  await go(page, `/topics/damaged/segments?partition=0&broker=${hurt.id}&offset=23`)
  const inspector = page.getByRole('region', { name: 'Batch at 20' })
  await expect(inspector).toContainText('is wrong: the bytes make')
  await expect(inspector).toContainText(/Records: byte [\d,]+ is 0x3f\. Were it 0x76, the CRC would be valid/)
  await expect(page.getByRole('grid', { name: 'Batches' }).getByRole('row', { name: /^20 / })).toContainText('wrong')

  await page.getByRole('button', { name: 'Check the whole file' }).click()
  await expect(page.getByRole('region', { name: 'Check the whole file' })).toContainText('1 thing is wrong')
  await page.getByRole('button', { name: 'Close the result' }).click()

  await page.getByRole('button', { name: 'Compare everything' }).click()
  await expect(page.getByText(`Broker ${hurt.id} differs from broker ${leader} in 1 batch, first at offset 20.`)).toBeVisible()
  await page.getByRole('button', { name: 'Show the bytes' }).click()
  await expect(inspector).toContainText('is valid over bytes')
  await expect(inspector).toContainText(`The same offset on broker ${hurt.id}`)
  await expect(inspector).toContainText('1 byte differs')

  await cluster.trilog('kill', String(hurt.id))
  await page.getByRole('radio', { name: `Broker ${hurt.id} (stopped)` }).click()
  await expect(fileRow(page, LOG)).toBeVisible()
  await page.getByRole('textbox', { name: 'Go to offset' }).fill('23')
  await page.keyboard.press('Enter')
  await expect(inspector).toContainText('is wrong: the bytes make')
  await page.getByRole('textbox', { name: 'Go to offset' }).fill('900')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toContainText('has offset 900')

  for (const theme of ['Dark', 'Light']) {
    await page.getByRole('button', { name: 'Theme' }).click()
    await page.getByRole('menuitemradio', { name: theme, exact: true }).click()
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme.toLowerCase())
    await page.screenshot({ path: info.outputPath(`damaged-${theme.toLowerCase()}.png`) })
    expect(await complaintsOn(page), `axe, ${theme}`).toEqual([])
  }
  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitemradio', { name: '简体中文' }).click()
  await expect(page.getByRole('region', { name: 'Offset 20 处的 batch' })).toContainText('错误')
  await expect(page.getByRole('alert')).toContainText('没有包含 offset 900 的文件')
  await page.screenshot({ path: info.outputPath('damaged-chinese.png') })
  expect(await complaintsOn(page), 'axe, Chinese').toEqual([])
})

test('a partition without files says so', async ({ page, cluster }) => {
  await fill(cluster.bootstrap, 'alone')
  await go(page, '/topics/alone/segments?partition=7')
  await expect(page.getByRole('heading', { name: 'No disk has files of this partition' })).toBeVisible()
})
