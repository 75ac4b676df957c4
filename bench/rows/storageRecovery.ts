import fs from 'node:fs'
import { silentLogger } from '../../src-main/base/logger.ts'
import { nodeEnv } from '../../src-main/env/node/env.ts'
import { batchSize, lastOffset, setBaseOffset, setPartitionLeaderEpoch } from '../../src-main/protocol/records/batch.ts'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { PartitionLog, defaultLogConfig } from '../../src-main/storage/partitionLog.ts'
import { collectGarbage } from '../folders.ts'
import type { Row } from '../figures.ts'

const LOG_FILE = '00000000000000000000.log'
const CHUNK_BYTES = 1024 * 1024
const TORN_BYTES = 1_000

/** A segment without index entries, as a crash leaves it: every batch is read and checked, and the indexes made anew. The plain side only reads. */
export async function recovery(folder: string, quick: boolean): Promise<Row[]> {
  const rows: Row[] = []
  for (const batchBytes of [16_000, 1_000_000]) {
    const name = `${batchBytes >= 1e6 ? '1 MB' : '16 KB'} batches`
    const bytes = writeTail(`${folder}/crashed`, batchBytes, quick ? 250e6 : 1e9)
    const ours: number[] = []
    const plain: number[] = []
    for (let round = 0; round < (quick ? 3 : 7); round++) {
      const measure = {
        ours: async () => {
          fs.appendFileSync(`${folder}/crashed/${LOG_FILE}`, Buffer.alloc(TORN_BYTES, 'torn'))
          for (const ending of ['index', 'timeindex']) fs.rmSync(`${folder}/crashed/${LOG_FILE.replace('log', ending)}`, { force: true })
          const startedAt = performance.now()
          const log = await recovered(`${folder}/crashed`)
          ours.push(gigabytesPerSecond(bytes, startedAt))
          if (log.sizeInBytes !== bytes) throw new Error(`${log.sizeInBytes} bytes are left of ${bytes}`)
          await log.moveAway(`${folder}/crashed`) // leaves no trace of a clean end
        },
        plain: () => {
          const startedAt = performance.now()
          readPlainly(`${folder}/crashed/${LOG_FILE}`)
          plain.push(gigabytesPerSecond(bytes, startedAt))
          return Promise.resolve()
        },
      }
      for (const which of round % 2 === 0 ? (['ours', 'plain'] as const) : (['plain', 'ours'] as const)) {
        collectGarbage()
        await measure[which]()
      }
    }
    rows.push(
      { name: `recovery of ${(bytes / 1e9).toPrecision(2)} GB without indexes, ${name}`, unit: 'GB/s', values: ours, bar: '≥ 1' },
      { name: '  plain read(2) of the same bytes', unit: 'GB/s', values: plain },
    )
    fs.rmSync(`${folder}/crashed`, { recursive: true })
  }
  return rows
}

function recovered(directory: string): Promise<PartitionLog> {
  return PartitionLog.open(nodeEnv(), {
    directory,
    topic: 'crashed',
    partition: 0,
    topicId: undefined,
    config: defaultLogConfig,
    cleanShutdown: false,
    recoveryPoint: 0,
    logStartOffset: 0,
    log: silentLogger,
  })
}

/** Answers how many bytes of good batches there are. */
function writeTail(directory: string, batchBytes: number, bytes: number): number {
  const value = Buffer.alloc(990, 'x')
  const timestamp = Date.now()
  const batch = buildBatch({ records: Array.from({ length: batchBytes / 1_000 }, () => ({ key: null, value, timestamp })) })
  fs.mkdirSync(directory)
  const fd = fs.openSync(`${directory}/${LOG_FILE}`, 'w')
  let written = 0
  for (let offset = 0; written + batchSize(batch) <= bytes; offset = lastOffset(batch) + 1) {
    setBaseOffset(batch, 0, offset)
    setPartitionLeaderEpoch(batch, 0, 0)
    written += fs.writeSync(fd, batch)
  }
  fs.closeSync(fd)
  return written
}

function readPlainly(file: string): void {
  const fd = fs.openSync(file, 'r')
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  while (fs.readSync(fd, buffer) > 0);
  fs.closeSync(fd)
}

function gigabytesPerSecond(bytes: number, startedAt: number): number {
  return bytes / 1e9 / ((performance.now() - startedAt) / 1000)
}
