import type { Locator, Page } from '@playwright/test'
import { expect, test } from './support/app.ts'
import { consumeAll, foreignClient, leaderOf, SteadyProducer } from './support/clients.ts'

test.use({ hostName: 'main job' })
test.setTimeout(120_000)

const broker = (page: Page, id: number): Locator => page.getByRole('region', { name: `Broker ${id}`, exact: true })
const row = (page: Page, grid: string, name: string | RegExp): Locator => page.getByRole('grid', { name: grid }).getByRole('row', { name })

test('a client nobody here wrote works, a leader is killed, nothing is lost, and three replicas are in sync again', async ({
  page,
  cluster,
}, info) => {
  const shot = (name: string) => page.screenshot({ path: info.outputPath(`${name}.png`) })
  const kafka = foreignClient(cluster.bootstrap)
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'orders', numPartitions: 3, replicationFactor: 3 }] })
  const producer = new SteadyProducer(kafka, 'orders')
  await producer.start()
  const { values, consumer } = await consumeAll(kafka, { topic: 'orders', groupId: 'fulfilment' })
  await producer.acknowledges(50)

  await test.step('the app shows the topic and its messages', async () => {
    await page.getByRole('link', { name: 'Topics' }).click()
    await expect(row(page, 'Topics', /^orders/)).toContainText('In sync')
    await shot('topics')
    await page.getByRole('link', { name: 'orders', exact: true }).click()
    await expect(row(page, 'Messages', /order-\d+ .*apple/).first()).toBeVisible()
    await row(page, 'Messages', /order-\d+ .*apple/)
      .first()
      .dblclick()
    await expect(page.getByText('source').first()).toBeVisible()
    await shot('message')
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'Partitions' }).click()
    await expect(page.getByRole('grid', { name: 'Partitions' }).getByRole('row')).toHaveCount(4)
    await shot('partitions')
  })

  await test.step('the app shows the group and its lag', async () => {
    await page.getByRole('link', { name: 'Groups' }).click()
    await expect(row(page, 'Groups', /^fulfilment/)).toContainText('Stable')
    await page.getByRole('link', { name: 'fulfilment' }).click()
    await expect(page.getByRole('grid', { name: 'Lag by partition' }).getByRole('row', { name: /^orders/ })).toHaveCount(3)
    await expect(page.getByRole('img', { name: 'Lag over time, in records' })).toBeVisible()
    await shot('group')
  })

  const victim = await leaderOf(admin, 'orders', 0)
  await test.step('Kill: another broker takes over and production goes on', async () => {
    await page.getByRole('link', { name: 'Cluster' }).click()
    await broker(page, victim).getByRole('button', { name: 'Kill', exact: true }).click()
    await expect(broker(page, victim)).toContainText('Killed')
    await producer.acknowledges(50)
    await expect.poll(() => leaderOf(admin, 'orders', 0)).not.toBe(victim)
    await expect(page.getByText(`Broker ${victim} was killed`)).toBeVisible()
    await expect(row(page, 'Replicas by partition and broker', /^orders-0/)).toContainText('2 of 3')
    await shot('killed')
  })

  await test.step('Start: the in-sync replicas are three again', async () => {
    await broker(page, victim).getByRole('button', { name: 'Start', exact: true }).click()
    await expect(broker(page, victim)).toContainText('Running', { timeout: 30_000 })
    for (const partition of [0, 1, 2]) {
      await expect(row(page, 'Replicas by partition and broker', new RegExp(`^orders-${partition}`))).toContainText('3 of 3', {
        timeout: 30_000,
      })
    }
    await producer.acknowledges(20)
    await shot('healed')
  })

  await producer.stop()
  await expect.poll(() => values.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(producer.acknowledged.length)
  expect(new Set(values)).toEqual(new Set(producer.acknowledged))
  await consumer.disconnect()
  await admin.disconnect()
})

test('the same by keyboard alone: create a topic, produce a record, read it, kill and start a broker', async ({ page }, info) => {
  const shot = (name: string) => page.screenshot({ path: info.outputPath(`${name}.png`) })
  /** Tabs until the control has the focus, as a person does. */
  const reach = async (control: Locator) => {
    for (let presses = 0; presses < 120; presses++) {
      if (await control.evaluate(element => element === document.activeElement)) return
      await page.keyboard.press('Tab')
    }
    throw new Error('No number of Tab presses reaches it')
  }
  const press = async (control: Locator, key = 'Enter') => {
    await reach(control)
    await page.keyboard.press(key)
  }

  await press(page.getByRole('link', { name: 'Topics' }))
  await press(page.getByRole('button', { name: 'Create topic' }))
  await expect(page.getByRole('dialog').getByRole('textbox', { name: 'Name', exact: true })).toBeFocused()
  await page.keyboard.type('by-keyboard')
  await press(page.getByRole('dialog').getByRole('button', { name: 'Create', exact: true }))
  await expect(page.getByRole('link', { name: 'by-keyboard', exact: true })).toBeVisible()

  // Topics are in the order of their names, so that this one comes first.
  await press(page.getByRole('grid', { name: 'Topics' }), 'Home')
  await expect(page.getByRole('grid', { name: 'Topics' }).locator('[aria-selected=true]')).toContainText('by-keyboard')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'by-keyboard', level: 1 })).toBeVisible()

  await press(page.getByRole('button', { name: 'Produce' }))
  await expect(page.getByRole('dialog')).toBeVisible()
  await reach(page.getByRole('dialog').getByRole('textbox', { name: 'Key', exact: true }))
  await page.keyboard.type('user-42')
  await page.keyboard.press('Tab')
  await reach(page.getByRole('dialog').getByRole('textbox', { name: 'Value', exact: true }))
  await page.keyboard.insertText('{"typed":"by hand"}')
  await press(page.getByRole('dialog').getByRole('button', { name: 'Produce', exact: true }))
  await shot('produced')
  await page.keyboard.press('Escape')
  await expect(row(page, 'Messages', /user-42 .*by hand/)).toBeVisible()
  await reach(page.getByRole('grid', { name: 'Messages' }))
  await page.keyboard.press('Home')
  await page.keyboard.press('Enter')
  await expect(page.getByText('by hand').nth(1)).toBeVisible()
  await shot('read')
  await page.keyboard.press('Escape')

  await press(page.getByRole('link', { name: 'Cluster' }))
  await press(broker(page, 3).getByRole('button', { name: 'Kill', exact: true }))
  await expect(broker(page, 3)).toContainText('Killed')
  await press(broker(page, 3).getByRole('button', { name: 'Start', exact: true }))
  await expect(broker(page, 3)).toContainText('Running', { timeout: 30_000 })
  await shot('started')
})
