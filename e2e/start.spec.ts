import { expect, test } from './support/app.ts'

test('starts three brokers and shows each with its address', async ({ page, cluster }) => {
  await expect(page).toHaveTitle(/Trilog/)
  expect(cluster.brokers.map(broker => broker.id).sort()).toEqual([1, 2, 3])
  for (const broker of cluster.brokers) {
    await expect(page.getByText(`Broker ${broker.id}`, { exact: true }).first()).toBeVisible()
    await expect(page.getByText(`127.0.0.1:${broker.port}`, { exact: true }).first()).toBeVisible()
  }
})
