import { defineConfig } from '@playwright/test'
import type { HostOptions } from './e2e/support/app.ts'

/** One set of specs for both hosts. One worker: each starts three brokers, and a slow test should be slow for its own reasons. */
export default defineConfig<object, HostOptions>({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  outputDir: 'e2e/artefacts',
  workers: 1,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: 'list',
  // The film of a trace costs a fifth of the time; its snapshots say more.
  use: { screenshot: 'only-on-failure', trace: { mode: 'retain-on-failure', screenshots: false, snapshots: true, sources: false } },
  projects: [
    { name: 'web', use: { host: 'web' } },
    { name: 'desktop', use: { host: 'desktop' } },
  ],
})
