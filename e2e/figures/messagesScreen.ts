import type { Page } from '@playwright/test'
import { chromium, _electron } from 'playwright-core'
import { foreignClient, leaderOf } from '../support/clients.ts'
import { webHost } from '../support/hosts.ts'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import { Produce } from '../../src-main/protocol/messages/produce.ts'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { KafkaConnection } from '../../src-main/wire/client.ts'
import type { Row } from '../../bench/figures.ts'

const TOPIC = 'large'
const PARTITIONS = 6
const RECORDS_PER_BATCH = 1_000
const IN_FLIGHT = 4
const SCROLLED_MS = 5_000

/** The Messages screen in Chromium, over a topic of so many records: what a person waits for, and what it costs. */
export async function messagesScreen(rounds: number, records: number): Promise<Row[]> {
  const host = await webHost({ chromium, _electron })
  try {
    await fill(host.cluster.bootstrap, records)
    const page = await host.freshPage()
    const { heapOf, busyOf } = await meters(page)
    const opened: number[] = []
    const jumps: number[] = []
    await page.getByRole('region', { name: 'Broker 1', exact: true }).waitFor()
    await go(page, '/topics')
    await page.getByRole('grid', { name: 'Topics' }).waitFor()
    for (let round = 0; round < rounds; round++) {
      opened.push(await timeTo(page, `/topics/${TOPIC}/messages`, null))
      for (let jump = 0; jump < 3; jump++) {
        const offset = Math.floor(((round * 3 + jump + 0.5) / (rounds * 3)) * (records / PARTITIONS))
        const partition = (round + jump) % PARTITIONS
        jumps.push(await timeTo(page, `/topics/${TOPIC}/messages?partition=${partition}&offset=${offset}`, { partition, offset }))
      }
      await go(page, '/topics')
      await page.getByRole('grid', { name: 'Topics' }).waitFor()
    }
    await timeTo(page, `/topics/${TOPIC}/messages`, null)
    const before = await busyOf()
    const frames = await scroll(page)
    const busy = [((await busyOf()) - before) / frames.length]
    const heap = [await heapOf()]
    await go(page, `/topics/${TOPIC}/messages?search=${encodeURIComponent(JSON.stringify({ text: 'record', maxHits: 20_000 }))}`)
    await page.getByRole('button', { name: 'Go on' }).waitFor({ timeout: 60_000 })
    const heapWithHits = [await heapOf()]
    await host.closePage(page)
    return [
      { name: `Messages of ${records.toLocaleString('en-US')} records: first rows`, unit: 'ms', values: opened, bar: '≤ 200' },
      { name: 'jump to any offset', unit: 'ms', values: jumps, bar: '≤ 150' },
      { name: 'scrolling: between frames', unit: 'ms', values: frames, bar: '≤ 16.7' },
      { name: 'scrolling: main thread for a frame', unit: 'ms', values: busy, bar: '≤ 16.7' },
      { name: 'heap after that', unit: 'MB', values: heap, bar: '≤ 150' },
      { name: 'heap with 20,000 hits', unit: 'MB', values: heapWithHits, bar: '≤ 150' },
    ]
  } finally {
    await host.stop()
  }
}

const go = (page: Page, path: string) => page.evaluate(to => void (location.hash = `#${to}`), path)

/** From following a link to the frame in which the record stands in the table: the one that is asked for, or any. */
function timeTo(page: Page, path: string, place: { partition: number; offset: number } | null): Promise<number> {
  return page.evaluate(
    ({ path: to, place: wanted }) =>
      new Promise<number>((resolve, reject) => {
        const startedAt = performance.now()
        const isThere = () => {
          const rows = document.querySelectorAll('[role=grid][aria-label=Messages] [role=row][aria-selected]')
          return [...rows].some(row => {
            const cells = [...row.querySelectorAll('[role=gridcell], [role=rowheader]')].map(cell => cell.textContent)
            if (!cells.some(text => text.startsWith('record'))) return false
            return wanted === null || (cells[0] === String(wanted.partition) && cells[1]?.replaceAll(',', '') === String(wanted.offset))
          })
        }
        const look = () => {
          if (isThere()) resolve(performance.now() - startedAt)
          else if (performance.now() - startedAt > 20_000) reject(new Error(`${to} shows nothing`))
          else requestAnimationFrame(look)
        }
        location.hash = `#${to}`
        requestAnimationFrame(look)
      }),
    { path, place },
  )
}

/** Turns the wheel with every frame, and tells how far the frames are apart. */
function scroll(page: Page): Promise<number[]> {
  return page.evaluate(
    lastsMs =>
      new Promise<number[]>(resolve => {
        const grid = document.querySelector('[role=grid][aria-label=Messages]')!
        const startedAt = performance.now()
        const gaps: number[] = []
        let last = startedAt
        const frame = (now: number) => {
          if (last !== startedAt) gaps.push(now - last)
          last = now
          grid.dispatchEvent(new WheelEvent('wheel', { deltaY: 100, bubbles: true, cancelable: true }))
          if (now - startedAt < lastsMs) requestAnimationFrame(frame)
          else resolve(gaps)
        }
        requestAnimationFrame(frame)
      }),
    SCROLLED_MS,
  )
}

/** Of the page: MB of its heap after a collection, and ms that its main thread was busy so far, which a crowded machine does not change. */
async function meters(page: Page) {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  return {
    heapOf: async () => {
      await session.send('HeapProfiler.collectGarbage')
      return (await session.send('Runtime.getHeapUsage')).usedSize / 1e6
    },
    busyOf: async () => {
      const { metrics } = await session.send('Performance.getMetrics')
      return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000
    },
  }
}

/** Batches as they are on the wire: ten million records are a matter of seconds. */
async function fill(bootstrap: string, records: number): Promise<void> {
  const admin = foreignClient(bootstrap).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: PARTITIONS, replicationFactor: 1 }] })
  const { brokers } = await admin.describeCluster()
  const values = Array.from({ length: RECORDS_PER_BATCH }, (_, n) => ({
    key: Buffer.from(`record-${n}`),
    value: Buffer.from(`{"n":${n}}`),
    timestamp: 1_700_000_000_000 + n,
  }))
  const batch = buildBatch({ records: values })
  await Promise.all(
    Array.from({ length: PARTITIONS }, async (_, index) => {
      const nodeId = await leaderOf(admin, TOPIC, index)
      const { host, port } = brokers.find(each => each.nodeId === nodeId)!
      const options = { clientId: 'bench', connectTimeoutMs: 2_000, requestTimeoutMs: 30_000, negotiate: true }
      const connection = await KafkaConnection.open(nodeEnv(), { host, port }, options)
      let left = Math.ceil(records / PARTITIONS / RECORDS_PER_BATCH)
      const sender = async () => {
        while (left-- > 0) {
          const topicData = [{ name: TOPIC, partitionData: [{ index, records: batch }] }]
          const answer = await connection.send(Produce, { acks: 1, timeoutMs: 30_000, topicData })
          const code = answer.responses[0]?.partitionResponses[0]?.errorCode
          if (code !== 0) throw new Error(`produce was answered with error ${code}`)
        }
      }
      await Promise.all(Array.from({ length: IN_FLIGHT }, sender))
      connection.close()
    }),
  )
  await admin.disconnect()
}
