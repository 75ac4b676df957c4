import AxeBuilder from '@axe-core/playwright'
import { expect, test as base, type Page } from '@playwright/test'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findChromium } from '../resources/npm/programs.mjs'
import type { HostOptions } from './support/app.ts'
import { electron, root } from './support/paths.ts'

const test = base.extend<object, HostOptions>({
  host: ['web', { option: true, scope: 'worker' }],
  hostName: ['failed', { option: true, scope: 'worker' }],
})
test.setTimeout(90_000)

let taken: Server
let port: number
let folder: string
test.beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trilog-failed-'))
  taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
  port = (taken.address() as AddressInfo).port
})
test.afterEach(async () => {
  await new Promise(resolve => taken.close(resolve))
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
})

const env = () => ({
  ...Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  XDG_CONFIG_HOME: join(folder, 'config'),
  XDG_DATA_HOME: join(folder, 'share'),
  // No browser is to be found there: the test is the one.
  PATH: join(folder, 'nothing'),
})

test('a port that is in use is said with who has it, and another one helps', async ({ host, playwright }, info) => {
  const args = ['--port', String(port), '--data', join(folder, 'data')]
  if (host === 'web') {
    const up = spawn(process.execPath, ['out/main/cli.js', 'up', '--open', '--web-port', '0', ...args], {
      cwd: root,
      env: env(),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    const ended = once(up, 'exit')
    const executablePath = findChromium()
    const browser = await playwright.chromium.launch({
      ...(executablePath === undefined ? {} : { executablePath }),
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-quic'],
    })
    try {
      let url: string | undefined
      for await (const line of createInterface({ input: up.stderr! })) if ((url = /http:\S+/.exec(line)?.[0]) !== undefined) break
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'en-US' })
      await page.goto(url!)
      await tries(page, info.outputPath('failed.png'))
    } finally {
      await browser.close()
      up.kill('SIGTERM')
      await ended
    }
    return
  }
  const app = await playwright._electron.launch({
    executablePath: electron().executablePath,
    args: [root, ...args],
    cwd: root,
    env: { ...env(), PATH: process.env['PATH'] ?? '' },
  })
  try {
    await tries(await app.firstWindow(), info.outputPath('failed.png'))
  } finally {
    await app.close()
  }
})

async function tries(page: Page, picture: string) {
  const failed = page.getByRole('alert', { name: `The cluster did not start: port ${port} is in use` })
  await expect(failed).toContainText(`Broker 1 could not listen on 127.0.0.1:${port}`)
  await expect(failed).toContainText(`pid ${process.pid}`)
  await expect(failed.getByRole('log')).toContainText('no broker was started, nothing was written')
  await page.screenshot({ path: picture })
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  expect(violations.map(each => `${each.id}: ${each.nodes.map(node => node.html).join(' ')}`)).toEqual([])

  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitemradio', { name: '简体中文' }).click()
  await expect(page.getByRole('alert', { name: `集群没有启动：端口 ${port} 已被占用` })).toBeVisible()
  await page.getByRole('button', { name: '语言' }).click()
  await page.getByRole('menuitemradio', { name: 'English' }).click()

  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(failed.getByRole('listitem')).toHaveCount(6)
  await page.getByRole('button', { name: /^Start on \d+ to \d+ instead$/ }).click()
  await expect(page.getByRole('region', { name: 'Broker 1', exact: true })).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText(/^3 of 3 brokers$/)).toBeVisible({ timeout: 30_000 })
}
