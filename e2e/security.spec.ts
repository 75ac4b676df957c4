import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from './support/app.ts'

test.use({ hostName: 'security' })
test.setTimeout(240_000)

async function complaintsOn(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  return violations.map(each => `${each.id}: ${each.nodes.map(node => node.html).join(' ')}`)
}

/** As a link within the app leads there: the page stays the one that was loaded. */
const go = (page: Page, path: string) => page.evaluate(to => (location.hash = `#${to}`), path)

async function theme(page: Page, name: 'Dark' | 'Light') {
  await page.getByRole('button', { name: 'Theme' }).click()
  await page.getByRole('menuitemradio', { name, exact: true }).click()
  await expect(page.locator('html')).toHaveAttribute('data-theme', name.toLowerCase())
}

test('what the cluster does not offer is greyed out, with the reason', async ({ page }, info) => {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Security' }).click()
  await expect(page.getByRole('region', { name: 'This cluster does not offer ACLs' })).toContainText('DescribeAcls')
  const add = page.getByRole('button', { name: 'Add ACL…' })
  await expect(add).toBeDisabled()
  await expect(add).toHaveAttribute('title', 'This cluster does not offer DescribeAcls.')
  await page.screenshot({ path: info.outputPath('acls-not-offered.png') })
})

test('a user gets a password, which nobody sees again, and loses it', async ({ page }, info) => {
  const password = 'correct horse battery staple'
  await go(page, '/security/users')
  await expect(page.getByRole('region', { name: 'No SCRAM users yet' })).toBeVisible()
  await page.getByRole('button', { name: 'Set password…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Set the password of a user' })
  await dialog.getByLabel('User').fill('alice')
  await dialog.getByRole('radio', { name: 'SCRAM-SHA-512' }).click()
  await dialog.getByLabel('Iterations').fill('4095')
  await dialog.getByLabel('Password', { exact: true }).fill(password)
  await dialog.getByLabel('Password again').fill(password)
  await dialog.getByRole('button', { name: 'Set password' }).click()
  await expect(dialog).toContainText('A whole number from 4,096 to 16,384.')
  await dialog.getByLabel('Iterations').fill('8192')
  await page.screenshot({ path: info.outputPath('password.png') })
  expect(await complaintsOn(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Set password' }).click()
  const row = page.getByRole('grid', { name: 'SCRAM users' }).getByRole('row', { name: /^alice/ })
  await expect(row).toContainText('8,192 iterations')
  await expect(page.getByText('none of their listeners asks clients to authenticate yet')).toBeVisible()

  await row.click()
  await page.getByRole('button', { name: 'Delete credential…' }).click()
  const deletion = page.getByRole('dialog', { name: 'Delete a credential of alice?' })
  await expect(deletion.getByRole('button', { name: 'Delete SCRAM-SHA-512 of alice' })).toBeDisabled()
  await deletion.getByLabel('Type alice to confirm').fill('alice')
  await deletion.getByRole('button', { name: 'Delete SCRAM-SHA-512 of alice' }).click()
  await expect(page.getByRole('region', { name: 'No SCRAM users yet' })).toBeVisible()

  await go(page, '/audit')
  const audit = page.getByRole('grid', { name: 'Audit log' })
  await expect(audit.getByRole('row', { name: /security\.setCredential/ })).toContainText('user alice')
  await expect(audit.getByRole('row', { name: /security\.deleteCredential/ })).toContainText('mechanism SCRAM-SHA-512')
  expect(await page.content()).not.toContain(password)
})

test('quotas are set with a preview, changed, removed and brought back', async ({ page }, info) => {
  await go(page, '/security/quotas')
  await page.keyboard.press('Control+k')
  await page.keyboard.type('set quotas')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Set quotas' })
  await dialog.getByLabel('For whom').selectOption('A user and a client id')
  await dialog.getByLabel('User', { exact: true }).fill('alice')
  await dialog.getByRole('checkbox').nth(1).check()
  await dialog.getByLabel('producer_byte_rate').fill('1048576')
  await dialog.getByLabel('request_percentage').fill('12.5')
  await expect(dialog.getByRole('region', { name: 'Will change' })).toContainText('producer_byte_rate to 1,048,576 bytes/s, from none')
  await page.screenshot({ path: info.outputPath('quotas-dialog.png') })
  expect(await complaintsOn(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Set quotas' }).click()
  const grid = page.getByRole('grid', { name: 'Quotas' })
  const row = grid.getByRole('row', { name: /^User alice, Client id: default/ })
  await expect(row).toContainText('1,048,576 bytes/s')
  await expect(page.getByText('do not slow anybody down yet')).toBeVisible()

  await row.dblclick()
  const change = page.getByRole('dialog', { name: 'User alice, Client id: default' })
  await change.getByLabel('request_percentage').fill('')
  await expect(change.getByRole('region', { name: 'Will change' })).toHaveText(/request_percentage: removed, was 12\.5 % of a thread$/)
  await change.getByRole('button', { name: 'Set quotas' }).click()
  await expect(row).not.toContainText('12.5')

  await row.click()
  await page.getByRole('button', { name: 'Remove quotas…' }).click()
  const removal = page.getByRole('dialog', { name: /^Remove the quotas of User alice/ })
  await expect(removal.getByRole('listitem')).toHaveText(['producer_byte_rate: removed, was 1,048,576 bytes/s'])
  await removal.getByRole('button', { name: 'Remove quotas' }).click()
  await expect(page.getByRole('region', { name: 'No quotas yet' })).toBeVisible()
  const removed = page.locator('.toast').filter({ hasText: 'were removed' })
  await removed.getByRole('button', { name: 'Undo' }).click()
  await expect(row).toContainText('1,048,576 bytes/s')
})

test('every tab, in both themes and languages, can be used by everybody; in read-only mode nothing is offered', async ({ page }, info) => {
  for (const name of ['Dark', 'Light'] as const) {
    await theme(page, name)
    for (const tab of ['acls', 'users', 'quotas']) {
      await go(page, `/security/${tab}`)
      await expect(page.getByRole('heading', { name: 'Security', level: 1 })).toBeVisible()
      await page.screenshot({ path: info.outputPath(`${tab}-${name.toLowerCase()}.png`) })
      expect(await complaintsOn(page), `axe on ${tab}, ${name}`).toEqual([])
    }
  }
  const readOnly = async () => {
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Read-only mode' }).click()
  }
  await readOnly()
  await expect(page.getByRole('button', { name: 'Set quotas…' })).toHaveCount(0)
  await go(page, '/security/users?add=1')
  await expect(page.getByRole('grid', { name: 'SCRAM users' }).or(page.getByRole('region', { name: 'No SCRAM users yet' }))).toBeVisible()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await readOnly()

  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitemradio', { name: '简体中文' }).click()
  for (const tab of ['acls', 'users', 'quotas']) {
    await go(page, `/security/${tab}`)
    await expect(page.getByRole('heading', { name: '安全', level: 1 })).toBeVisible()
    await page.screenshot({ path: info.outputPath(`${tab}-chinese.png`) })
    expect(await complaintsOn(page), `axe on ${tab}, Chinese`).toEqual([])
  }
})

test('without brokers each tab says that it cannot know', async ({ page, cluster }, info) => {
  for (const broker of cluster.brokers) await cluster.trilog('kill', String(broker.id))
  await page.reload()
  await go(page, '/security/users')
  await expect(page.getByRole('alert', { name: 'The SCRAM users could not be listed' })).toBeVisible({ timeout: 30_000 })
  await page.screenshot({ path: info.outputPath('failed.png') })
  for (const broker of cluster.brokers) await cluster.trilog('restart', String(broker.id))
  await expect(page.getByRole('region', { name: 'No SCRAM users yet' })).toBeVisible({ timeout: 30_000 })
})
