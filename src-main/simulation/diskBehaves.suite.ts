import { describe, expect, it } from 'vitest'
import type { Disk } from '../env/env.ts'

/** A disk with an empty directory to work in, and how to wait for what it promises. */
export interface DiskUnderTest {
  readonly disk: Disk
  readonly directory: string
  readonly settle: <T>(promise: Promise<T>) => Promise<T>
  /** Leaves room for so many bytes, a multiple of 4096, until it is given back. Not every disk can be filled by a test. */
  readonly fill?: (freeBytes: number) => Promise<{ readonly giveBack: () => Promise<void> }>
}

const bytes = (text: string) => Buffer.from(text)

/** What every disk does, real or simulated: the simulator must not lie. */
export function diskBehaves(name: string, makeDisk: () => Promise<DiskUnderTest>): void {
  describe(`${name}, as every disk`, () => {
    const given = async () => {
      const made = await makeDisk()
      return { ...made, at: (file: string) => `${made.directory}/${file}` }
    }
    const textOf = async ({ disk, settle }: DiskUnderTest, path: string) => (await settle(disk.readFile(path))).toString()

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

    it('reads into a buffer of its caller, and says how far', async () => {
      const { disk, settle, at } = await given()
      const file = await settle(disk.open(at('a'), { create: true }))
      await settle(file.append([bytes('one two three')]))
      const into = Buffer.alloc(8, '-')
      expect((await settle(file.read(4, 3, into))).toString()).toBe('two')
      expect(into.toString()).toBe('two-----')
      const end = await settle(file.read(8, 8, into))
      expect(end.toString()).toBe('three')
      expect(end.buffer).toBe(into.buffer)
      await settle(file.close())
    })

    it('gives each reader a buffer of its own', async () => {
      const { disk, settle, at } = await given()
      const file = await settle(disk.open(at('a'), { create: true }))
      await settle(file.append([bytes('abc')]))
      const [one, other] = [await settle(file.read(0, 3)), await settle(file.read(0, 3))]
      one.fill('x')
      expect(other.toString()).toBe('abc')
      expect(await textOf({ disk, settle, directory: '' }, at('a'))).toBe('abc')
      await settle(file.close())
    })

    it('appends behind the end that a truncation leaves, and forgets what was there', async () => {
      const { disk, settle, at } = await given()
      const file = await settle(disk.open(at('a'), { create: true }))
      await settle(file.append([bytes('one two')]))
      await settle(file.truncate(3))
      expect(file.size).toBe(3)
      expect((await settle(file.read(3, 10))).length).toBe(0)
      await settle(file.truncate(5))
      expect([...(await settle(file.read(2, 10)))]).toEqual([...bytes('e'), 0, 0])
      await settle(file.truncate(0))
      await settle(file.append([bytes('2')]))
      expect(await textOf({ disk, settle, directory: '' }, at('a'))).toBe('2')
      await settle(file.close())
    })

    it('lets who has a file open go on with it after it was renamed, replaced or removed', async () => {
      const { disk, settle, at } = await given()
      const file = await settle(disk.open(at('a'), { create: true }))
      await settle(file.append([bytes('one')]))
      await settle(disk.rename(at('a'), at('b')))
      await settle(file.append([bytes(' two')]))
      await settle(file.sync())
      expect(await textOf({ disk, settle, directory: '' }, at('b'))).toBe('one two')
      await settle(disk.replaceFile(at('b'), bytes('another')))
      await settle(file.append([bytes(' three')]))
      expect((await settle(file.read(0, 100))).toString()).toBe('one two three')
      expect(await textOf({ disk, settle, directory: '' }, at('b'))).toBe('another')

      const other = await settle(disk.open(at('b')))
      await settle(disk.remove(at('b')))
      await settle(other.append([bytes('!')]))
      await settle(other.sync())
      expect((await settle(other.read(0, 100))).toString()).toBe('another!')
      expect(await settle(disk.stat(at('b')))).toBeUndefined()
      await settle(Promise.all([file.close(), other.close()]))
      const anew = await settle(disk.open(at('b'), { create: true }))
      expect(anew.size).toBe(0)
      await settle(anew.close())
    })

    it('lets who has a file open go on with it when its directory gets another name, or goes', async () => {
      const { disk, settle, at } = await given()
      await settle(disk.makeDirectory(at('x')))
      const file = await settle(disk.open(at('x/a'), { create: true }))
      await settle(disk.rename(at('x'), at('y')))
      await settle(file.append([bytes('one')]))
      expect(await textOf({ disk, settle, directory: '' }, at('y/a'))).toBe('one')
      await settle(disk.remove(at('y')))
      await settle(file.append([bytes(' two')]))
      expect((await settle(file.read(0, 100))).toString()).toBe('one two')
      await settle(file.close())
    })

    it('does not take a file for a directory, nor the other way round', async () => {
      const { disk, settle, at } = await given()
      await settle(disk.replaceFile(at('file'), bytes('')))
      await settle(disk.makeDirectory(at('directory/full')))
      await expect(settle(disk.open(at('directory')))).rejects.toMatchObject({ code: 'EISDIR' })
      await expect(settle(disk.readFile(at('directory')))).rejects.toMatchObject({ code: 'EISDIR' })
      await expect(settle(disk.list(at('file')))).rejects.toMatchObject({ code: 'ENOTDIR' })
      await expect(settle(disk.open(at('file/a'), { create: true }))).rejects.toMatchObject({ code: 'ENOTDIR' })
      await expect(settle(disk.makeDirectory(at('file')))).rejects.toMatchObject({ code: 'EEXIST' })
      await expect(settle(disk.makeDirectory(at('file/a')))).rejects.toMatchObject({ code: 'ENOTDIR' })
      expect(await settle(disk.stat(at('file/a')))).toBeUndefined()
      await settle(disk.makeDirectory(at('other')))
      await expect(settle(disk.rename(at('other'), at('directory')))).rejects.toMatchObject({ code: 'ENOTEMPTY' })
      await settle(disk.rename(at('directory'), at('other')))
      expect(await settle(disk.list(at('other')))).toEqual([{ name: 'full', isDirectory: true }])
      await expect(settle(disk.syncDirectory(at('directory')))).rejects.toMatchObject({ name: 'DiskError' })
    })

    it('shows the old content of a file that is replaced, or the new one, and nothing between', async () => {
      const { disk, settle, at } = await given()
      const contents = Array.from({ length: 20 }, (_, index) => Buffer.alloc(10_000 + index, index))
      await settle(disk.replaceFile(at('a'), contents[0]!))
      const replaced = Promise.all(contents.map(content => disk.replaceFile(at('a'), content)))
      const seen: Buffer[] = []
      for (let read = 0; read < 30; read++) seen.push(await settle(disk.readFile(at('a'))))
      await settle(replaced)
      for (const each of seen) expect(each.equals(contents[each.length - 10_000]!)).toBe(true)
      expect((await settle(disk.readFile(at('a')))).equals(contents.at(-1)!)).toBe(true)
      await expect(settle(disk.replaceFile(at('none/a'), bytes('x')))).rejects.toMatchObject({ code: 'ENOENT' })
    })

    it('closes a file once all that was asked before is done', async () => {
      const { disk, settle, at } = await given()
      const file = await settle(disk.open(at('a'), { create: true }))
      const asked = [file.append([Buffer.alloc(100_000, 1)]), file.read(0, 10), file.sync(), file.close(), file.close()]
      await expect(settle(file.sync())).rejects.toMatchObject({ code: 'EBADF' })
      await expect(settle(file.truncate(0))).rejects.toMatchObject({ code: 'EBADF' })
      await settle(Promise.all(asked))
      expect((await settle(disk.stat(at('a'))))!.size).toBe(100_000)
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
      await settle((await settle(disk.lock(at('.lock2')))).release()) // another one is another's
      await settle(lock.release())
      const again = await settle(disk.lock(at('.lock')))
      await settle(lock.release()) // not its own any more
      await expect(settle(disk.lock(at('.lock')))).rejects.toMatchObject({ code: 'ELOCKED' })
      await settle(again.release())
      await expect(settle(disk.lock(at('none/.lock')))).rejects.toMatchObject({ code: 'ENOENT' })
    })

    it('refuses what has no room, and nothing else: what was there stays, and more is taken once there is room', async ({ skip }) => {
      const { disk, settle, at, fill, directory } = await given()
      if (fill === undefined) return skip('this disk cannot be filled')
      const file = await settle(disk.open(at('log'), { create: true }))
      await settle(file.append([Buffer.alloc(10_000, 1)]))
      await settle(disk.replaceFile(at('a'), bytes('old')))
      const { giveBack } = await fill(8192)
      const more = Buffer.alloc(40_000, 2)
      await expect(settle(file.append([more.subarray(0, 100), more.subarray(100)]))).rejects.toMatchObject({
        code: 'ENOSPC',
        path: at('log'),
      })
      const left = await settle(disk.readFile(at('log')))
      expect(file.size).toBe(left.length)
      expect(left.subarray(0, 10_000).equals(Buffer.alloc(10_000, 1))).toBe(true)
      expect(left.subarray(10_000).equals(more.subarray(0, left.length - 10_000))).toBe(true)
      await expect(settle(disk.replaceFile(at('a'), more))).rejects.toMatchObject({ code: 'ENOSPC' })
      expect((await settle(disk.readFile(at('a')))).toString()).toBe('old')
      expect((await settle(disk.list(directory))).map(entry => entry.name).toSorted()).toEqual(['a', 'log'])
      await settle(file.truncate(10_000))
      await settle(file.sync())
      expect((await settle(file.read(9_999, 10))).length).toBe(1)

      await giveBack()
      await settle(file.append([more]))
      await settle(disk.replaceFile(at('a'), more))
      expect((await settle(disk.readFile(at('log')))).equals(Buffer.concat([Buffer.alloc(10_000, 1), more]))).toBe(true)
      await settle(file.close())
    })

    it('fails one append of many on a full disk, and none of those before it', async ({ skip }) => {
      const { disk, settle, at, fill } = await given()
      if (fill === undefined) return skip('this disk cannot be filled')
      const file = await settle(disk.open(at('log'), { create: true }))
      const { giveBack } = await fill(8192)
      const appends = Array.from({ length: 10 }, (_, index) => file.append([Buffer.alloc(1_500, index)]))
      const outcomes = (await settle(Promise.allSettled(appends))).map(each => each.status)
      const written = outcomes.filter(each => each === 'fulfilled').length
      expect(written).toBe(5)
      expect(outcomes.slice(0, written)).not.toContain('rejected')
      const content = await settle(disk.readFile(at('log')))
      for (let index = 0; index < written; index++) {
        expect(content.subarray(index * 1_500, (index + 1) * 1_500).equals(Buffer.alloc(1_500, index))).toBe(true)
      }
      await giveBack()
      await settle(file.close())
    })

    it('knows how much room there is', async () => {
      const { disk, settle, directory } = await given()
      const { totalBytes, freeBytes } = await settle(disk.space(directory))
      expect(freeBytes).toBeGreaterThan(0)
      expect(totalBytes).toBeGreaterThanOrEqual(freeBytes)
    })
  })
}
