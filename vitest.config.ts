import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const processTests = '**/*.process.test.ts'
const notOurs = ['**/node_modules/**', 'out/**', 'dist/**']

/** Which seeds are searched: 20261122, other ones every day. Read by src-main/simulation/seedsOfTheDay.ts. */
const day = Number(process.env['TRILOG_DAY'] ?? new Date().toISOString().slice(0, 10).replaceAll('-', ''))

export default defineConfig({
  test: {
    projects: [
      {
        // The core, which knows no real clock, disk or network: thousands of tests in one thread per core.
        test: {
          name: 'unit',
          include: ['{src-main,bench,resources,e2e/storm}/**/*.test.ts'],
          exclude: [...notOurs, processTests],
          environment: 'node',
          testTimeout: 20_000,
          provide: { day },
        },
      },
      {
        plugins: [vue()],
        test: {
          name: 'renderer',
          include: ['src-renderer/**/*.test.ts'],
          exclude: notOurs,
          environment: 'happy-dom',
          testTimeout: 20_000,
        },
      },
      {
        // Real processes, sockets and disks: one file at a time, so that a slow test is slow for its own reasons.
        test: {
          name: 'process',
          include: ['{src-main,bench,e2e,resources}/' + processTests],
          exclude: notOurs,
          environment: 'node',
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          provide: { day },
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Beside Apache Kafka's own programs, where those are to be had: `npm run peer`, never part of `npm test`.
        test: {
          name: 'peer',
          include: ['e2e/peer/**/*.peer.test.ts'],
          exclude: notOurs,
          environment: 'node',
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
