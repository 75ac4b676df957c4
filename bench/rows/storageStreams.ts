import fs from 'node:fs'
import { rm } from 'node:fs/promises'
import { silentLogger } from '../../src-main/base/logger.ts'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import { nextOffset, setBaseOffset } from '../../src-main/protocol/records/batch.ts'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { PartitionLog, defaultLogConfig } from '../../src-main/storage/partitionLog.ts'
import { collectGarbage } from '../folders.ts'
import type { Row } from '../figures.ts'

const RECORD_BYTES = 1_000
/** Bytes that wait for the disk at a time: what a busy broker has from its clients. */
const IN_FLIGHT_BYTES = 8_000_000
/** What a socket hands over in one turn of the event loop. */
const SOCKET_BYTES = 65_536
/** What a follower is given with one fetch. */
const FETCHED_BYTES = 1_000_000
/** Of one measurement; the file goes before the next one begins. Many short ones: what else the machine does hits both sides alike. */
const MEGABYTES = 200
const RATIO_BAR = '≥ 0.8'
const ONE_BUFFER = Buffer.allocUnsafeSlow(FETCHED_BYTES)

interface Case {
  readonly name: string
  readonly batchBytes: number
  /** Whether what was written is read back as well: how it came there makes no difference. */
  readonly isRead: boolean
  readonly append: (log: PartitionLog, batches: readonly Buffer[], bytes: number) => Promise<void>
}

const CASES: readonly Case[] = [
  { name: '16 KB batches', batchBytes: 16_000, isRead: true, append: asLeader('quorum') },
  { name: '1 MB batches', batchBytes: 1_000_000, isRead: true, append: asLeader('quorum') },
  { name: '16 KB batches, validated as a client sends them', batchBytes: 16_000, isRead: false, append: asLeader('client') },
  { name: '1 MB batches, validated as a client sends them', batchBytes: 1_000_000, isRead: false, append: asLeader('client') },
  { name: '16 KB batches in a follower’s fetches of 1 MB', batchBytes: 16_000, isRead: false, append: asFollower },
]

/** Each round writes the same bytes twice, through a log and with plain write(2), in turns first; and reads them back in the same way. */
export async function appendAndRead(folder: string, quick: boolean): Promise<Row[]> {
  const bytes = MEGABYTES * 1e6
  const rounds = quick ? 5 : 25
  const rows: Row[] = []
  for (const each of CASES) {
    const appends = new Beside()
    const reads = new Beside()
    const intoOneBuffer: number[] = []
    const batches = batchesOf(each.batchBytes)
    await append(folder, each, batches, bytes / 4) // so that the first round does not pay for the compiler
    for (let round = 0; round < rounds; round++) {
      const measure = {
        ours: async () => {
          const log = await newLog(folder)
          appends.ours.push(await megabytesPerSecond(bytes, () => each.append(log, batches, bytes)))
          if (each.isRead) reads.ours.push(await megabytesPerSecond(bytes, () => readAll(log, bytes)))
          await log.close()
        },
        plain: () => {
          const file = `${folder}/plain`
          appends.plain.push(plainly(bytes, () => writePlainly(file, batches, bytes)))
          if (each.isRead) {
            reads.plain.push(plainly(bytes, () => readPlainly(file, bytes)))
            intoOneBuffer.push(plainly(bytes, () => readPlainly(file, bytes, ONE_BUFFER)))
          }
          return Promise.resolve()
        },
      }
      for (const which of round % 2 === 0 ? (['ours', 'plain'] as const) : (['plain', 'ours'] as const)) {
        collectGarbage()
        await measure[which]()
        await rm(`${folder}/log-0`, { recursive: true, force: true })
        await rm(`${folder}/plain`, { force: true })
      }
    }
    rows.push(...appends.rows(`append, ${each.name}`, 'write(2) of each batch'))
    if (!each.isRead) continue
    rows.push(...reads.rows(`read by fetches of 1 MB, ${each.name}`, 'read(2) of 1 MB into a buffer of its own'))
    rows.push({ name: '  plain read(2) of 1 MB into one buffer again and again', unit: 'MB/s', values: intoOneBuffer })
  }
  return rows
}

/** Two ways to do the same, round by round. */
class Beside {
  readonly ours: number[] = []
  readonly plain: number[] = []

  rows(name: string, plain: string): Row[] {
    return [
      { name, unit: 'MB/s', values: this.ours },
      { name: `  plain ${plain}`, unit: 'MB/s', values: this.plain },
      { name: '  ratio', unit: '×', values: this.ours.map((value, round) => value / this.plain[round]!), bar: RATIO_BAR },
    ]
  }
}

function newLog(folder: string): Promise<PartitionLog> {
  return PartitionLog.open(nodeEnv(), {
    directory: `${folder}/log-0`,
    topic: 'log',
    partition: 0,
    topicId: undefined,
    config: defaultLogConfig,
    cleanShutdown: false,
    recoveryPoint: 0,
    logStartOffset: 0,
    log: silentLogger,
  })
}

/** As many different batches as are in flight: a batch must not change before it is written. */
function batchesOf(batchBytes: number): Buffer[] {
  const value = Buffer.alloc(RECORD_BYTES - 10, 'x')
  const timestamp = Date.now()
  const records = Array.from({ length: batchBytes / RECORD_BYTES }, () => ({ key: null, value, timestamp }))
  return Array.from({ length: Math.ceil(IN_FLIGHT_BYTES / batchBytes) }, () => buildBatch({ baseOffset: 0, records }))
}

function asLeader(origin: 'quorum' | 'client') {
  return async (log: PartitionLog, batches: readonly Buffer[], bytes: number) => {
    const written = batches.map(() => Promise.resolve())
    for (let appended = 0, arrived = 0, next = 0; appended < bytes; next = (next + 1) % batches.length) {
      await written[next]
      const batch = batches[next]!
      setBaseOffset(batch, 0, 0) // as a client sends it
      const result = log.append(batch, { leaderEpoch: 0, origin })
      if (result.error !== 'NONE') throw new Error(`an append was answered with ${result.error}`)
      written[next] = result.written
      appended += batch.length
      arrived += batch.length
      if (arrived < SOCKET_BYTES) continue
      arrived = 0
      await new Promise(resolve => setImmediate(resolve))
    }
    await Promise.all(written)
  }
}

async function asFollower(log: PartitionLog, batches: readonly Buffer[], bytes: number): Promise<void> {
  const perFetch = Math.floor(FETCHED_BYTES / batches[0]!.length)
  const fetched = Buffer.concat(batches.slice(0, perFetch))
  for (let appended = 0, offset = 0; appended < bytes; appended += fetched.length) {
    for (let at = 0; at < fetched.length; at += batches[0]!.length) {
      setBaseOffset(fetched, at, offset)
      offset = nextOffset(fetched, at)
    }
    const { error } = await log.appendAsFollower(fetched, { leaderEpoch: 0 })
    if (error !== 'NONE') throw new Error(`an append was answered with ${error}`)
  }
}

async function readAll(log: PartitionLog, bytes: number): Promise<void> {
  for (let read = 0, offset = 0; read < bytes;) {
    const found = await log.read(offset, { maxBytes: FETCHED_BYTES, upTo: log.logEndOffset, atLeastOneBatch: true })
    if (found.error !== 'NONE' || found.records.length === 0) throw new Error(`a read at ${offset} was answered with ${found.error}`)
    read += found.records.length
    offset = endOf(found.records)
  }
}

/** The offset behind the last batch. */
function endOf(records: Buffer): number {
  let next = 0
  for (let at = 0; at < records.length; at += records.readInt32BE(at + 8) + 12) next = nextOffset(records, at)
  return next
}

function writePlainly(file: string, batches: readonly Buffer[], bytes: number): void {
  const fd = fs.openSync(file, 'w')
  for (let written = 0, next = 0; written < bytes; next = (next + 1) % batches.length) written += fs.writeSync(fd, batches[next]!)
  fs.closeSync(fd)
}

function readPlainly(file: string, bytes: number, buffer?: Buffer): void {
  const fd = fs.openSync(file, 'r')
  for (let at = 0; at < bytes;) {
    const count = fs.readSync(fd, buffer ?? Buffer.allocUnsafeSlow(FETCHED_BYTES), 0, FETCHED_BYTES, at)
    if (count === 0) break
    at += count
  }
  fs.closeSync(fd)
}

async function megabytesPerSecond(bytes: number, run: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await run()
  return bytes / 1e6 / ((performance.now() - startedAt) / 1000)
}

function plainly(bytes: number, run: () => void): number {
  const startedAt = performance.now()
  run()
  return bytes / 1e6 / ((performance.now() - startedAt) / 1000)
}

async function append(folder: string, { append: run }: Case, batches: readonly Buffer[], bytes: number): Promise<void> {
  const log = await newLog(folder)
  await run(log, batches, bytes)
  await readAll(log, bytes)
  await log.close()
  await rm(`${folder}/log-0`, { recursive: true, force: true })
}
