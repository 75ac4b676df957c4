import { describe, expect, it } from 'vitest'
import type { Disk } from '../env/env.ts'

/** A disk with an empty directory to work in, and how to wait for what it promises. */
export interface DiskUnderTest {
  readonly disk: Disk
  readonly directory: string
  readonly settle: <T>(promise: Promise<T>) => Promise<T>
}

const bytes = (text: string) => Buffer.from(text)

/** What every disk does, real or simulated: the simulator must not lie. */
export function diskBehaves(name: string, makeDisk: () => Promise<DiskUnderTest>): void {
  describe(`${name}, as every disk`, () => {
    const given = async () => {
      const { disk, directory, settle } = await makeDisk()
      return { disk, settle, at: (file: string) => `${directory}/${file}`, directory }
    }

    it('reads what was appended, wherever asked', async () => {
      const { disk, settle, at } = await given()
      const file = await settle(disk.open(at('a'), { create: true }))
      await settle(file.append([bytes('one'), bytes(''), bytes('two')]))
      await settle(file.append([bytes('three')]))
      expect(file.size).toBe(11)
      expect((await settle(file.read(3, 5))).toString()).toBe('twoth')
      expect((await settle(file.read(9, 100))).toString()).toBe('ee')
      expect((await settle(file.read(100, 5))).length).toBe(0)
      expect((await settle(file.read(8, 1_000_000))).toString()).toBe('ree')
      expect((await settle(disk.readFile(at('a')))).toString()).toBe('onetwothree')
      await settle(file.close())
    })

    it('reads into a buffer that it is given, as far as the file goes', async () => {
      const { disk, settle, at } = await given()
      const file = await settle(disk.open(at('a'), { create: true }))
      await settle(file.append([bytes('onetwothree')]))
      const into = Buffer.from('..........')
      const found = await settle(file.read(3, 5, into))
      expect([found.toString(), into.toString()]).toEqual(['twoth', 'twoth.....'])
      expect(found.buffer).toBe(into.buffer)
      expect((await settle(file.read(8, 10, into))).toString()).toBe('ree')
      await settle(file.close())
    })

    it('keeps the order of appends, truncations and syncs that nobody waits for', async () => {
      const { disk, settle, at } = await given()
      const file = await settle(disk.open(at('a'), { create: true }))
      const all = [
        file.append([bytes('one')]),
        file.append([bytes('two')]),
        file.sync(),
        file.truncate(4),
        file.append([bytes('three')]),
        file.append([]),
        file.sync(),
        file.close(),
      ]
      await settle(Promise.all(all))
      expect((await settle(disk.readFile(at('a')))).toString()).toBe('onetthree')
    })

    it('appends many small and large chunks whole', async () => {
      const { disk, settle, at } = await given()
      const file = await settle(disk.open(at('a'), { create: true }))
      const chunks = Array.from({ length: 3_000 }, (_, index) => Buffer.alloc(1 + (index % 700), index))
      await settle(Promise.all([file.append(chunks), ...chunks.map(chunk => file.append([chunk]))]))
      const expected = Buffer.concat([...chunks, ...chunks])
      expect((await settle(file.read(0, file.size))).equals(expected)).toBe(true)
      await settle(file.close())
    })

    it('goes on behind what a file holds when it is opened again', async () => {
      const { disk, settle, at } = await given()
      const first = await settle(disk.open(at('a'), { create: true }))
      await settle(first.append([bytes('old ')]))
      await settle(first.close())
      const again = await settle(disk.open(at('a')))
      expect(again.size).toBe(4)
      await settle(again.append([bytes('new')]))
      expect((await settle(disk.readFile(at('a')))).toString()).toBe('old new')
      await settle(again.close())
    })

    it('fills with zeros when a file is made longer', async () => {
      const { disk, settle, at } = await given()
      const file = await settle(disk.open(at('a'), { create: true }))
      await settle(file.append([bytes('ab')]))
      await settle(file.truncate(4))
      await settle(file.append([bytes('c')]))
      expect([...(await settle(file.read(0, 10)))]).toEqual([97, 98, 0, 0, 99])
      await settle(file.close())
    })

    it('refuses a file that is missing, a directory that is missing, and a file that is closed', async () => {
      const { disk, settle, at } = await given()
      await expect(settle(disk.open(at('none')))).rejects.toMatchObject({ name: 'DiskError', code: 'ENOENT', path: at('none') })
      await expect(settle(disk.open(at('none/a'), { create: true }))).rejects.toMatchObject({ code: 'ENOENT' })
      await expect(settle(disk.readFile(at('none')))).rejects.toMatchObject({ code: 'ENOENT' })
      await expect(settle(disk.list(at('none')))).rejects.toMatchObject({ code: 'ENOENT' })
      await expect(settle(disk.rename(at('none'), at('other')))).rejects.toMatchObject({ code: 'ENOENT' })
      const file = await settle(disk.open(at('a'), { create: true }))
      await settle(file.close())
      await expect(settle(file.append([bytes('x')]))).rejects.toMatchObject({ code: 'EBADF' })
      await expect(settle(file.read(0, 1))).rejects.toMatchObject({ code: 'EBADF' })
      await settle(file.close())
    })

    it('replaces a file as a whole, in the order of the calls', async () => {
      const { disk, settle, at, directory } = await given()
      await settle(disk.replaceFile(at('a'), bytes('first')))
      await settle(Promise.all([disk.replaceFile(at('a'), bytes('second, longer')), disk.replaceFile(at('a'), bytes('third'))]))
      expect((await settle(disk.readFile(at('a')))).toString()).toBe('third')
      expect(await settle(disk.list(directory))).toEqual([{ name: 'a', isDirectory: false }])
    })

    it('lists, looks at, renames and removes files and directories', async () => {
      const { disk, settle, at, directory } = await given()
      await settle(disk.makeDirectory(at('x/y')))
      await settle(disk.makeDirectory(at('x/y')))
      await settle(disk.replaceFile(at('x/y/a'), bytes('abc')))
      await settle(disk.rename(at('x'), at('z')))
      await settle(disk.syncDirectory(directory))
      expect(await settle(disk.stat(at('x')))).toBeUndefined()
      expect(await settle(disk.stat(at('z')))).toMatchObject({ isDirectory: true })
      expect(await settle(disk.stat(at('z/y/a')))).toMatchObject({ isDirectory: false, size: 3 })
      expect(await settle(disk.list(at('z')))).toEqual([{ name: 'y', isDirectory: true }])
      await settle(disk.remove(at('z')))
      await settle(disk.remove(at('z')))
      expect(await settle(disk.list(directory))).toEqual([])
    })

    it('renames over a file, which stays readable for who has it open', async () => {
      const { disk, settle, at } = await given()
      await settle(disk.replaceFile(at('a'), bytes('old')))
      await settle(disk.replaceFile(at('b'), bytes('new')))
      const old = await settle(disk.open(at('a')))
      await settle(disk.rename(at('b'), at('a')))
      expect((await settle(disk.readFile(at('a')))).toString()).toBe('new')
      expect((await settle(old.read(0, 3))).toString()).toBe('old')
      await settle(old.close())
    })

    it('says when a file was last written to, also when it was told otherwise', async () => {
      const { disk, settle, at } = await given()
      const file = await settle(disk.open(at('a'), { create: true }))
      await settle(file.append([bytes('one')]))
      await settle(disk.setModified(at('a'), 1_234_567_890_123))
      expect(Math.round((await settle(disk.stat(at('a'))))!.modifiedMs)).toBe(1_234_567_890_123)
      await settle(file.append([bytes('two')]))
      expect((await settle(disk.stat(at('a'))))!.modifiedMs).not.toBeCloseTo(1_234_567_890_123, -3)
      await settle(file.close())
      await expect(settle(disk.setModified(at('b'), 1))).rejects.toMatchObject({ code: 'ENOENT', path: at('b') })
    })

    it('gives a lock to one, until it is released', async () => {
      const { disk, settle, at } = await given()
      const lock = await settle(disk.lock(at('.lock')))
      await expect(settle(disk.lock(at('.lock')))).rejects.toMatchObject({ code: 'ELOCKED', message: expect.stringMatching(/process \S+/) })
      await settle(lock.release())
      await settle((await settle(disk.lock(at('.lock')))).release())
    })

    it('knows how much room there is', async () => {
      const { disk, settle, directory } = await given()
      const { totalBytes, freeBytes } = await settle(disk.space(directory))
      expect(freeBytes).toBeGreaterThan(0)
      expect(totalBytes).toBeGreaterThanOrEqual(freeBytes)
    })
  })
}
