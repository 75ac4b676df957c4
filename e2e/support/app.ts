import { expect, test as base } from '@playwright/test'
import type { Page } from '@playwright/test'
import type { Cluster } from './cluster.ts'
import { desktopHost, webHost } from './hosts.ts'
import type { Host } from './hosts.ts'
import { electron } from './paths.ts'

export interface HostOptions {
  readonly host: 'web' | 'desktop'
  /** Specs share a host per project. A file that leaves its cluster broken names one of its own: `test.use({ hostName: 'faults' })`. */
  readonly hostName: string
}

interface WorkerFixtures extends HostOptions {
  readonly running: Host
}

/**
 * The same `page` and `cluster` on both hosts: `import { test, expect } from './support/app.ts'`. The page shows the app as after a start; a test in
 * which the page threw, or met its content security policy, has failed.
 */
export const test = base.extend<{ page: Page; cluster: Cluster }, WorkerFixtures>({
  host: ['web', { option: true, scope: 'worker' }],
  hostName: ['shared', { option: true, scope: 'worker' }],

  running: [
    async ({ playwright, host, hostName: _ownWorkerPerName }, use) => {
      const running = await (host === 'web' ? webHost(playwright) : desktopHost(playwright))
      await use(running)
      await running.stop()
    },
    { scope: 'worker', timeout: 90_000 },
  ],

  cluster: async ({ running }, use) => use(running.cluster),

  page: async ({ running, host }, use, { annotations }) => {
    if (host === 'desktop') annotations.push({ type: 'electron', description: electron().isReal ? 'the real one' : 'the stand-in' })
    const page = await running.freshPage()
    const mishaps: string[] = []
    const onError = (error: Error) => mishaps.push(error.stack ?? error.message)
    page.on('pageerror', onError)
    page.on('console', message => {
      if (message.type() === 'error' && message.text().includes('Content Security Policy')) mishaps.push(message.text())
    })
    await use(page)
    page.off('pageerror', onError)
    expect(mishaps, 'the page threw no error').toEqual([])
    await running.closePage(page)
  },
})

export { expect }
