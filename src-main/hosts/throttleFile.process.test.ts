import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ThrottleFile } from './throttleFile.ts'

const throttle = {
  rates: [{ brokerId: 1, bytesPerSecond: 5_000_000 }],
  topics: [{ topic: 'a', leader: ['0:1'], follower: ['0:2'] }],
  moves: [{ topic: 'a', partition: 0 }],
}
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trilog-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('remembers throttles over restarts until they are forgotten, and leaves nothing beside its file', async () => {
  const path = join(folder, 'throttles.json')
  const first = new ThrottleFile(path)
  expect(first.read('local')).toBeNull()
  await Promise.all([first.write('local', throttle), first.write('other', throttle)])
  await first.write('other', null)

  const next = new ThrottleFile(path)
  expect(next.read('local')).toEqual(throttle)
  expect(next.read('other')).toBeNull()
  expect(await readdir(folder)).toEqual(['throttles.json'])
})

it('knows of none when its file makes no sense', async () => {
  const path = join(folder, 'throttles.json')
  await writeFile(path, '{"clusters":{"local":{"rates":5}}')
  expect(new ThrottleFile(path).read('local')).toBeNull()
  await writeFile(path, '{"clusters":{"local":{"rates":5}}}')
  expect(new ThrottleFile(path).read('local')).toBeNull()
})

it('believes nothing that could not be written', async () => {
  const lost = new ThrottleFile(join(folder, 'gone', 'throttles.json'))
  await expect(lost.write('local', throttle)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(lost.read('local')).toBeNull()
})
