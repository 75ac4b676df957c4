import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { seriesStoreBehaves } from '../../simulation/seriesStoreBehaves.suite.ts'
import { openSeriesStore } from './seriesStore.ts'

const directory = await mkdtemp(join(tmpdir(), 'trilog-series-'))
afterAll(() => rm(directory, { recursive: true, force: true }))

let path = ''
let files = 0
beforeEach(() => {
  path = join(directory, `series-${(files += 1)}.db`)
})

const anEntry = { series: 'a', fromMs: 1_800_000_000_000, untilMs: 1_800_000_010_000, bytes: new Uint8Array([1, 2, 3]) }
const all = { fromMs: 0, toMs: 2_000_000_000_000 }

seriesStoreBehaves('a store in a file', () => openSeriesStore(path))

describe('a store in a file', () => {
  it('has after a restart what was written before', () => {
    const before = openSeriesStore(path)
    before.write([anEntry])
    before.setText('rule', '{}')
    before.close()
    const after = openSeriesStore(path)
    expect(after.read('a', all).map(each => ({ ...each, series: 'a' }))).toEqual([anEntry])
    expect(after.text('rule')).toBe('{}')
    expect([after.isKept, after.setAside]).toEqual([true, undefined])
    after.close()
  })

  it.each([
    { what: 'is no database', content: async () => writeFile(path, 'Not a database, whatever its name says. '.repeat(200)) },
    {
      what: 'is damaged inside',
      content: async () => {
        const store = openSeriesStore(path)
        store.write(Array.from({ length: 500 }, (_, n) => ({ ...anEntry, fromMs: n, untilMs: n, bytes: new Uint8Array(200) })))
        store.close()
        const bytes = await readFile(path)
        await writeFile(path, bytes.fill(0xa5, 4_096 * 3, bytes.length - 4_096))
      },
    },
    {
      what: 'has tables of another kind',
      content: async () => {
        const other = new DatabaseSync(path)
        other.exec('CREATE TABLE entry (something TEXT)')
        other.close()
      },
    },
  ])('is begun anew, and the old one set aside, when it $what', async ({ content }) => {
    await content()
    const store = openSeriesStore(path)
    expect(store.setAside).toBe(`${path}.unusable-1`)
    store.write([anEntry])
    expect(store.read('a', all)).toHaveLength(1)
    expect(store.isKept).toBe(true)
    store.close()
  })

  it('sets aside a file that somebody else holds, and goes on with another', () => {
    openSeriesStore(path).close()
    const other = new DatabaseSync(path)
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; INSERT INTO text VALUES (1, 2)')
    const store = openSeriesStore(path)
    expect(store.setAside).toBe(`${path}.unusable-1`)
    store.write([anEntry])
    expect(store.times('a')).toEqual([anEntry.fromMs])
    store.close()
    other.close()
  })

  it('lasts as long as the process where there can be no file', () => {
    const store = openSeriesStore(join(directory, 'no', 'such', 'folder', 'series.db'))
    store.write([anEntry])
    expect(store.read('a', all)).toHaveLength(1)
    expect(store.isKept).toBe(false)
    store.close()
  })
})
