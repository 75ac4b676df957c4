import { appendFile, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
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

it('keeps a line for each change, in order, for its owner only, over restarts', async () => {
  const path = join(folder, 'of', 'the', 'app', 'audit.ndjson')
  const first = new AuditFile(path)
  for (let n = 0; n < 50; n++) first.append(entry(n))
  await first.written()
  expect((await readFile(path, 'utf8')).trimEnd().split('\n')).toHaveLength(50)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  const second = new AuditFile(path)
  second.append(entry(50))
  expect((await second.newest(3)).map(({ atMs }) => atMs)).toEqual([50, 49, 48])
})

it('leaves out a line that was cut off', async () => {
  const path = join(folder, 'audit.ndjson')
  await appendFile(path, `${JSON.stringify(entry(1))}\n{"atMs":2,"too`)
  expect(await new AuditFile(path).newest(10)).toEqual([entry(1)])
})

it('says why it cannot be written, and nothing fails because of it', async () => {
  const path = join(folder, 'audit.ndjson')
  await mkdir(path)
  const file = new AuditFile(path)
  file.append(entry(1))
  await file.written()
  expect(file.problem).toContain('EISDIR')
})
