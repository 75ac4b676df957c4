import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Verification } from '../../contract/segments.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { checkInThread } from './checkInThread.ts'

const RECORDS = 200
let log: string
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trilog-'))
  await mkdir(join(folder, 'orders-0'))
  log = join(folder, 'orders-0', '00000000000000000000.log')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Batches of a megabyte, so that the file is read in pieces. */
async function written(batches: number, damage: (bytes: Buffer) => void = () => undefined): Promise<number> {
  const value = Buffer.alloc(5_000, 'v')
  const bytes = Buffer.concat(
    Array.from({ length: batches }, (_, batch) =>
      buildBatch({ baseOffset: batch * RECORDS, records: Array.from({ length: RECORDS }, () => ({ key: null, value, timestamp: 1 })) }),
    ),
  )
  damage(bytes)
  await writeFile(log, bytes)
  return bytes.length
}

async function looks(signal = new AbortController().signal): Promise<Verification[]> {
  const found: Verification[] = []
  for await (const look of checkInThread(log, signal)) found.push(look)
  return found
}

describe('a file that is checked in a thread', () => {
  it('is checked to its end', async () => {
    const size = await written(20)
    expect((await looks()).at(-1)).toEqual({
      readBytes: size,
      totalBytes: size,
      batches: 20,
      records: 20 * RECORDS,
      entries: 0,
      problems: [],
      unnamed: 0,
      isDone: true,
    })
  })

  it('is told to be wrong where it is', async () => {
    await written(3, bytes => bytes.writeUInt8(bytes.readUInt8(bytes.length - 100) ^ 1, bytes.length - 100))
    const last = (await looks()).at(-1)!
    expect(last.isDone).toBe(true)
    expect(last.problems).toMatchObject([{ offset: `${2 * RECORDS}` }])
  })

  it('is told to be missing', async () => {
    expect((await looks()).at(-1)).toMatchObject({ isDone: true, problems: [{ position: null }] })
  })

  it('is left when nobody wants to know any more', async () => {
    await written(20)
    const aborter = new AbortController()
    const found: Verification[] = []
    for await (const look of checkInThread(log, aborter.signal)) {
      found.push(look)
      aborter.abort()
    }
    expect(found).toHaveLength(1)
    for await (const _ of checkInThread(log, new AbortController().signal)) break
    expect(await looks(aborter.signal)).toEqual([])
  })
})
