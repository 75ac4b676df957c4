import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { encodeOffsetIndexEntry } from '../../src-main/protocol/files/indexEntries.ts'
import { lastOffset, setBaseOffset } from '../../src-main/protocol/records/batch.ts'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { cli } from './builtCluster.ts'
import { Trilog } from './trilog.ts'

const trilog = new Trilog()
const folder = join(trilog.home, 'orders-0')
const log = join(folder, '00000000000000000000.log')
const index = join(folder, '00000000000000000000.index')
const torn = join(folder, '00000000000000100000.log')

/** Some 20 MB: more than a pipe and every buffer on the way hold. */
const BATCHES = 1_000
const RECORDS = 100

beforeAll(() => {
  const records = Array.from({ length: RECORDS }, (_, each) => ({
    timestamp: 1_700_000_000_000,
    key: null,
    value: Buffer.alloc(200, 97 + (each % 26)),
  }))
  const first = buildBatch({ records, leaderEpoch: 0 })
  const batches = Array.from({ length: BATCHES }, (_, each) => {
    const batch = Buffer.from(first)
    setBaseOffset(batch, 0, each * RECORDS)
    return batch
  })
  mkdirSync(folder)
  writeFileSync(log, Buffer.concat(batches))
  writeFileSync(index, encodeOffsetIndexEntry({ offset: lastOffset(batches[1] ?? first), position: first.length }, 0))
  setBaseOffset(first, 0, BATCHES * RECORDS)
  writeFileSync(torn, first.subarray(0, 1000))
})
afterAll(() => trilog.end())

it('prints every record, as text and as JSON', async () => {
  const text = await trilog.tell('dump', log, index, '--verify')
  expect(text.split('\n').filter(line => line.startsWith('@'))).toHaveLength(BATCHES)
  const lines = (await trilog.tell('dump', '--json', log)).split('\n').map(line => JSON.parse(line) as { type: string; offset?: number })
  expect(lines.filter(each => each.type === 'record').map(each => each.offset)).toEqual(
    Array.from({ length: BATCHES * RECORDS }, (_, each) => each),
  )
})

it('says what is wrong with which file, goes on with the next, and ends with 1', async () => {
  const { status, stdout, stderr } = await trilog.run('dump', torn, 'missing.log', index)
  expect(status).toBe(1)
  expect(stderr.split('\n')).toEqual([
    expect.stringMatching(new RegExp(`^${torn}, byte 0, offset 100000: a batch of \\d+ bytes is declared, but only 1000 are left: torn$`)),
    'missing.log: there is no such file',
  ])
  expect(stdout).toContain('  @0          offset        199')
})

it('tells a wrong index from its log when it verifies, and only then', async () => {
  const wrong = Buffer.from(readFileSync(index))
  wrong[7]! ^= 1
  const path = join(trilog.home, 'wrong-0', '00000000000000000000.index')
  mkdirSync(join(trilog.home, 'wrong-0'))
  writeFileSync(path, wrong)
  writeFileSync(path.replace('.index', '.log'), readFileSync(log))
  expect(await trilog.run('dump', path)).toMatchObject({ status: 0, stderr: '' })
  expect(await trilog.run('dump', '--verify', path)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('byte 0: no batch of the log begins at') as string,
  })
})

it('is misused with status 2', async () => {
  expect(await trilog.run('dump')).toMatchObject({ status: 2, stdout: '' })
  expect(await trilog.run('dump', log, '--what')).toMatchObject({ status: 2 })
})

it('waits for a slow reader, and ends in peace when there is none any more', async () => {
  const child = spawn(process.execPath, [cli, 'dump', log], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk))
  const ended = new Promise(resolve => child.once('close', resolve))
  await new Promise(resolve => child.stdout.once('data', resolve))
  child.stdout.destroy()
  expect(await ended).toBe(0)
  expect(Buffer.concat(said).toString()).toBe('')
})
