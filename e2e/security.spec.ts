import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { frameFromText, frameToText } from '../src-main/contract/frameText.ts'
import type { AclBinding, AclFilter } from '../src-main/contract/security.ts'
import { expect, test } from './support/app.ts'

test.use({ hostName: 'security' })
test.setTimeout(240_000)

async function complaintsOn(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  return violations.map(each => `${each.id}: ${each.nodes.map(node => node.html).join(' ')}`)
}

/** As a link within the app leads there: the page stays the one that was loaded. */
async function go(page: Page, path: string) {
  await expect(page.locator('main h1')).toBeVisible()
  await page.evaluate(to => (location.hash = `#${to}`), path)
}

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

/** A cluster with an authorizer, as far as a page can tell: what it asks of ACLs is answered here, all else by the host. */
async function withAuthorizer(page: Page, bindings: AclBinding[]) {
  const keyOf = (binding: AclBinding) => JSON.stringify(Object.entries(binding).sort())
  const answers: Record<string, (input: never) => unknown> = {
    'security.acls': ({ filter }: { filter: AclFilter }) => ({
      bindings: bindings.filter(({ resourceType }) => filter.resourceType === null || filter.resourceType === resourceType),
    }),
    'security.createAcls': (input: { bindings: AclBinding[] }) => void bindings.push(...input.bindings),
    'security.deleteAcls': (input: { bindings: AclBinding[] }) => {
      const going = new Set(input.bindings.map(keyOf))
      return bindings.filter(each => going.has(keyOf(each))).map(each => bindings.splice(bindings.indexOf(each), 1)[0])
    },
    'brokers.offered': () => ['DescribeAcls', 'CreateAcls', 'DeleteAcls', 'DescribeUserScramCredentials', 'DescribeClientQuotas'],
  }
  await page.routeWebSocket(/\/bridge$/, socket => {
    const host = socket.connectToServer()
    socket.onMessage(text => {
      const frame = frameFromText(String(text))
      const answer = frame.type === 'ask' ? answers[`${frame.subject}.${frame.operation}`] : undefined
      if (frame.type !== 'ask' || answer === undefined) host.send(text)
      else socket.send(frameToText({ type: 'answer', id: frame.id, value: answer(frame.input as never) }))
    })
  })
  await page.reload()
}

const binding = (given: Partial<AclBinding>): AclBinding => ({
  principal: 'User:alice',
  host: '*',
  permission: 'ALLOW',
  operation: 'READ',
  resourceType: 'TOPIC',
  resourceName: 'orders',
  patternType: 'LITERAL',
  ...given,
})

test('ACLs are added with a preview, found, deleted exactly as shown, and brought back', async ({ page, host }, info) => {
  test.skip(host === 'desktop', 'only what travels over a WebSocket can be answered by the test')
  await withAuthorizer(page, [
    binding({}),
    binding({ principal: 'User:billing', operation: 'ALL', resourceName: 'invoices-', patternType: 'PREFIXED', host: '10.0.0.12' }),
    binding({ principal: 'User:billing', resourceType: 'GROUP', resourceName: 'billing' }),
    binding({ principal: 'User:intern', permission: 'DENY', operation: 'DELETE', resourceName: '*' }),
  ])
  await go(page, '/security/acls')
  const grid = page.getByRole('grid', { name: 'ACLs' })
  await expect(grid.getByRole('row')).toHaveCount(5)
  await page.screenshot({ path: info.outputPath('acls.png') })
  expect(await complaintsOn(page)).toEqual([])

  await page.getByRole('button', { name: 'Add ACL…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Add ACL' })
  await dialog.getByLabel('Principal').fill('User:bob')
  await dialog.getByLabel('Pattern').selectOption('Prefixed')
  await dialog.getByLabel('Name', { exact: true }).fill('orders-')
  await expect(dialog.getByRole('button', { name: /^Add \d/ })).toBeDisabled()
  await dialog.getByRole('checkbox', { name: 'WRITE' }).check()
  await dialog.getByRole('checkbox', { name: 'DESCRIBE', exact: true }).check()
  await expect(dialog.getByRole('region', { name: 'Will add' }).getByRole('listitem')).toHaveText([
    'User:bob may WRITE each TOPIC that begins with orders- from any host',
    'User:bob may DESCRIBE each TOPIC that begins with orders- from any host',
  ])
  await page.screenshot({ path: info.outputPath('add-acl.png') })
  expect(await complaintsOn(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Add 2 ACLs' }).click()
  await expect(grid.getByRole('row')).toHaveCount(7)

  await page.getByRole('searchbox', { name: 'Filter', exact: true }).fill('user:b')
  await page.getByLabel('Resource type').selectOption('TOPIC')
  await expect(grid.getByRole('row')).toHaveCount(4)
  await page.getByRole('button', { name: 'Delete 3 shown…' }).click()
  const deletion = page.getByRole('dialog', { name: 'Delete 3 ACLs?' })
  await expect(deletion.getByRole('listitem')).toHaveCount(3)
  await expect(deletion.getByRole('listitem').first()).toHaveText(
    'User:billing may do everything with each TOPIC that begins with invoices- from 10.0.0.12',
  )
  await page.screenshot({ path: info.outputPath('delete-acls.png') })
  await deletion.getByRole('button', { name: 'Delete 3 ACLs' }).click()
  await expect(grid.getByRole('row')).toHaveCount(1)
  await page.locator('.toast').filter({ hasText: '3 ACLs were deleted' }).getByRole('button', { name: 'Undo' }).click()
  await expect(grid.getByRole('row')).toHaveCount(4)
})

test('a user gets a password, which nobody sees again, and loses it', async ({ page }, info) => {
  const password = 'correct horse battery staple'
  await go(page, '/security/users')
  await expect(page.getByRole('region', { name: 'No SCRAM users yet' })).toBeVisible()
  await page.getByRole('button', { name: 'Add or change a user…' }).click()
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
  // None of them is ready before most of them are there.
  await cluster.trilog('restart', ...cluster.brokers.map(broker => String(broker.id)))
  await expect(page.getByRole('region', { name: 'No SCRAM users yet' })).toBeVisible({ timeout: 30_000 })
})
