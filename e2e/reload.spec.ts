import { expect, test } from './support/app.ts'
test.use({ hostName: 'reload' })
test('goes on after reloads', async ({ page, cluster }) => {
  for (let n = 0; n < 3; n++) {
    await page.reload()
    await expect(page.getByText(`127.0.0.1:${cluster.brokers[0]!.port}`, { exact: true }).first()).toBeVisible()
  }
  await cluster.trilog('kill', '2')
  await expect(page.getByText('Killed').first()).toBeVisible()
})
