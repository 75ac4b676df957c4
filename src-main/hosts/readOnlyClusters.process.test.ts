import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ReadOnlyClusters } from './readOnlyClusters.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trilog-guard-'))
  path = join(folder, 'guard.json')
})
afterEach(() => rm(folder, { recursive: true }))

it('is remembered over a restart, for each cluster by itself', async () => {
  const first = new ReadOnlyClusters(path, ['local'])
  expect(first.ids).toEqual([])
  let told = 0
  first.onChange(() => (told += 1))
  await Promise.all([first.set('local', true), first.set('other', true)])
  await first.set('other', false)
  expect(told).toBe(3)
  const second = new ReadOnlyClusters(path, [])
  expect([second.has('local'), second.has('other')]).toEqual([true, false])
  expect(await readdir(folder)).toEqual(['guard.json'])
})

it('is read-only when what was kept cannot be understood', async () => {
  await writeFile(path, '{"readOnly')
  expect(new ReadOnlyClusters(path, ['local']).ids).toEqual(['local'])
})

it('stays read-only when the file cannot be written', async () => {
  const clusters = new ReadOnlyClusters(path, [])
  await clusters.set('local', true)
  await rm(folder, { recursive: true })
  await expect(clusters.set('local', false)).rejects.toThrow('ENOENT')
  expect(clusters.has('local')).toBe(true)
  await mkdtempAgain()
})

const mkdtempAgain = async () => void (folder = await mkdtemp(join(tmpdir(), 'trilog-guard-')))
