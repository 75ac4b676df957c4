import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { AuditEntry } from '../contract/audit.ts'
import { AuditFile } from './auditFile.ts'

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'trilog-audit-'))))
afterEach(() => rm(folder, { recursive: true }))

const entry = (n: number): AuditEntry => ({
  atMs: n,
  tookMs: 1,
  clusterId: 'local',
  operation: 'topics.create',
  about: { name: `topic-${n}` },
  outcome: 'done',
  problem: null,
})

const timesOf = async (file: AuditFile, limit: number) => (await file.newest(limit)).entries.map(({ atMs }) => atMs)

it('keeps a line for each change, in order, for its owner only, over restarts', async () => {
  const path = join(folder, 'of', 'the', 'app', 'audit.ndjson')
  const first = new AuditFile(path)
  for (let n = 0; n < 50; n++) first.append(entry(n))
  await first.written()
  expect((await readFile(path, 'utf8')).trimEnd().split('\n')).toHaveLength(50)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  const second = new AuditFile(path)
  second.append(entry(50))
  expect(await timesOf(second, 3)).toEqual([50, 49, 48])
})

it('leaves out a line that was cut off', async () => {
  const path = join(folder, 'audit.ndjson')
  await appendFile(path, `${JSON.stringify(entry(1))}\n{"atMs":2,"too`)
  expect(await new AuditFile(path).newest(10)).toEqual({ entries: [entry(1)], hasMore: false, olderFiles: 0 })
})

it('puts a full file aside, keeps the last ones, and is read over all of them', async () => {
  const path = join(folder, 'audit.ndjson')
  const lineBytes = JSON.stringify(entry(10)).length + 1
  const options = { fileBytes: 10 * lineBytes, olderFiles: 3 }
  const file = new AuditFile(path, options)
  for (let n = 10; n < 65; n++) file.append(entry(n))
  await file.written()
  expect(file.problem).toBe(null)
  expect(await readdir(folder)).toHaveLength(4)
  // Five of the last, and three full ones; the first two are gone.
  const all = await new AuditFile(path, options).newest(1_000)
  expect(all.entries.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 35 }, (_, index) => 64 - index))
  expect(all).toMatchObject({ hasMore: false, olderFiles: 3 })
  expect(await file.newest(7)).toMatchObject({ hasMore: true, olderFiles: 3 })
  expect(await timesOf(file, 7)).toEqual([64, 63, 62, 61, 60, 59, 58])
  for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
})

it('loses nothing when two Trilogs write to the same log', async () => {
  const path = join(folder, 'audit.ndjson')
  const options = { fileBytes: 500, olderFiles: 1_000 }
  const files = [new AuditFile(path, options), new AuditFile(path, options)]
  for (let n = 0; n < 200; n++) files[n % 2]!.append(entry(n))
  await Promise.all(files.map(file => file.written()))
  expect((await timesOf(files[0]!, 1_000)).sort((one, other) => one - other)).toEqual(Array.from({ length: 200 }, (_, n) => n))
})

it('says why it cannot be written, and nothing fails because of it', async () => {
  const path = join(folder, 'audit.ndjson')
  await mkdir(path)
  const file = new AuditFile(path)
  file.append(entry(1))
  await file.written()
  expect(file.problem).toContain('EISDIR')
})
