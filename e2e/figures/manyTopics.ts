import type { Page } from '@playwright/test'
import { chromium, _electron } from 'playwright-core'
import type { Row } from '../../bench/figures.ts'
import { adminServices } from '../../src-main/admin/adminServices.ts'
import { commitOffsets } from '../../src-main/admin/groupChanges.ts'
import { KafkaClient } from '../../src-main/admin/kafkaClient.ts'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import type { Address } from '../../src-main/env/env.ts'
import { foreignClient } from '../support/clients.ts'
import { webHost } from '../support/hosts.ts'

const PARTITIONS = 10
const READ_BY_EACH = 5
const WITHIN_MS = 120_000
/** Rows without it stand in the table before each of its letters. */
const TYPED = '734'

/** Topics and Groups in Chromium, over a cluster of many: what a person waits for. Topics have ten partitions, groups read five topics each. */
export async function manyTopics(rounds: number, { topics, groups }: { readonly topics: number; readonly groups: number }): Promise<Row[]> {
  const host = await webHost({ chromium, _electron })
  try {
    await fill(host.cluster.bootstrap, topics, groups)
    const listed: number[] = []
    const typed: number[] = []
    const grouped: number[] = []
    for (let round = 0; round < rounds; round++) {
      const page = await host.freshPage()
      await page.getByRole('region', { name: 'Broker 1', exact: true }).waitFor()
      listed.push(await timeTo(page, '/topics', 'Topics', 'topic-'))
      for (let n = 1; n <= TYPED.length; n++) typed.push(await timeToFilter(page, TYPED.slice(0, n)))
      grouped.push(await timeTo(page, '/groups', 'Groups', 'group-'))
      await host.closePage(page)
    }
    const refreshed = await refreshesOf(host.cluster.bootstrap, rounds)
    const size = `${topics.toLocaleString('en-US')} topics, ${(topics * PARTITIONS).toLocaleString('en-US')} partitions`
    return [
      { name: `${size}: first rows of Topics`, unit: 'ms', values: listed, bar: '≤ 1000' },
      { name: 'a letter typed in the filter, to the frame with its rows', unit: 'ms', values: typed, bar: '≤ 50' },
      { name: `first rows of Groups, ${groups} of them`, unit: 'ms', values: grouped, bar: '≤ 1000' },
      { name: `lag of all ${groups} groups asked for again`, unit: 'ms', values: refreshed, bar: '≤ 1000' },
    ]
  } finally {
    await host.stop()
  }
}

/** From following a link to the frame in which a row stands in the table whose name begins like that. */
function timeTo(page: Page, path: string, table: string, name: string): Promise<number> {
  return page.evaluate(
    asked =>
      new Promise<number>((resolve, reject) => {
        const startedAt = performance.now()
        const look = () => {
          const cells = document.querySelectorAll(`[role=grid][aria-label=${asked.table}] [role=rowheader]`)
          if ([...cells].some(cell => cell.textContent.trim().startsWith(asked.name))) resolve(performance.now() - startedAt)
          else if (performance.now() - startedAt > 20_000) reject(new Error(`${asked.path} shows nothing`))
          else requestAnimationFrame(look)
        }
        location.hash = `#${asked.path}`
        requestAnimationFrame(look)
      }),
    { path, table, name },
  )
}

/** From the event that an input fires to the frame in which every row fits it. */
function timeToFilter(page: Page, text: string): Promise<number> {
  return page.evaluate(
    wanted =>
      new Promise<number>((resolve, reject) => {
        const input = document.querySelector<HTMLInputElement>('main input[type=search]')!
        const startedAt = performance.now()
        const look = () => {
          const cells = [...document.querySelectorAll('[role=grid][aria-label=Topics] [role=rowheader]')]
          if (cells.length > 0 && cells.every(cell => cell.textContent.includes(wanted))) resolve(performance.now() - startedAt)
          else if (performance.now() - startedAt > 20_000) reject(new Error(`the filter ${wanted} shows nothing`))
          else requestAnimationFrame(look)
        }
        input.value = wanted
        input.dispatchEvent(new Event('input', { bubbles: true }))
        requestAnimationFrame(look)
      }),
    text,
  )
}

/** How long an answer with the lag of every group takes, as the host asks for it. */
async function refreshesOf(bootstrap: string, count: number): Promise<number[]> {
  const admin = adminServices(nodeEnv(), { bootstrapOf: () => [addressIn(bootstrap)] })
  const took: number[] = []
  while (took.length < count) {
    const startedAt = performance.now()
    await admin.groups.list({ clusterId: 'local' })
    took.push(performance.now() - startedAt)
  }
  await admin.close()
  return took
}

function addressIn(bootstrap: string): Address {
  const [host = '', port] = bootstrap.split(',')[0]!.split(':')
  return { host, port: Number(port) }
}

async function fill(bootstrap: string, topics: number, groups: number): Promise<void> {
  const names = Array.from({ length: topics }, (_, n) => `topic-${String(n).padStart(4, '0')}`)
  const admin = foreignClient(bootstrap).admin()
  await admin.connect()
  await admin.createTopics({ topics: names.map(topic => ({ topic, numPartitions: PARTITIONS, replicationFactor: 3 })), timeout: 60_000 })
  await admin.disconnect()
  const client = new KafkaClient(nodeEnv(), { bootstrapServers: [addressIn(bootstrap)] })
  for (let group = 0; group < groups; group++) {
    const offsets = Array.from({ length: READ_BY_EACH * PARTITIONS }, (_, n) => ({
      topic: names[(group * READ_BY_EACH + Math.floor(n / PARTITIONS)) % topics]!,
      partition: n % PARTITIONS,
      offset: 0,
    }))
    // So many partitions are on their way to the disks for a while, and those of the offsets behind them.
    await client.retrying(() => commitOffsets(client, `group-${String(group).padStart(3, '0')}`, offsets), client.deadline(WITHIN_MS))
  }
  client.close()
}
