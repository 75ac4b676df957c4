import { existsSync, renameSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { LONGEST_ENTRY_MS, type SeriesEntry, type SeriesStore } from '../seriesStore.ts'

const IN_MEMORY = ':memory:'
/** Another program that looks into the file, a backup for example, is waited for this long and no longer. */
const LOCK_PATIENCE_MS = 500
const SQLITE_FULL = 13
/** Those that SQLite keeps beside a database. */
const COMPANIONS = ['-wal', '-shm']

const TABLES = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = ${LOCK_PATIENCE_MS};
  CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS entry (
    series INTEGER NOT NULL, from_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (series, from_ms)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS text (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`

/** The file at `path`, made when there is none. */
export function openSeriesStore(path: string): SeriesStore {
  return new SqliteSeriesStore(path)
}

class SqliteSeriesStore implements SeriesStore {
  readonly #path: string
  #database: Database
  #setAside: string | undefined

  constructor(path: string) {
    this.#path = path
    this.#database = this.#open()
  }

  get setAside(): string | undefined {
    return this.#setAside
  }

  get isKept(): boolean {
    return this.#database.isFile
  }

  write(entries: readonly (SeriesEntry & { readonly series: string })[]): void {
    if (entries.length > 0) this.#change(database => database.write(entries))
  }

  read(series: string, range: { readonly fromMs: number; readonly toMs: number }): SeriesEntry[] {
    return this.#do(database => database.read(series, range))
  }

  times(series: string): number[] {
    return this.#do(database => database.times(series))
  }

  remove(series: string, times: readonly number[]): void {
    if (times.length > 0) this.#change(database => database.remove(series, times))
  }

  series(): string[] {
    return this.#do(database => database.names())
  }

  text(name: string): string | undefined {
    return this.#do(database => database.text(name))
  }

  setText(name: string, text: string | undefined): void {
    this.#change(database => database.setText(name, text))
  }

  close(): void {
    this.#database.close()
  }

  /** What fails is tried once more, on a file that is new. */
  #do<T>(work: (database: Database) => T): T {
    try {
      return work(this.#database)
    } catch (problem) {
      if (!isOfSqlite(problem)) throw problem
      this.#database.close()
      this.#database = this.#beginAnew()
      return work(this.#database)
    }
  }

  /** A full disk is no fault of the file: what does not fit is left out, and what is there stays. */
  #change(work: (database: Database) => void): void {
    this.#do(database => {
      try {
        work(database)
      } catch (problem) {
        if ((problem as { errcode?: unknown }).errcode !== SQLITE_FULL) throw problem
      }
    })
  }

  #open(): Database {
    try {
      return new Database(this.#path)
    } catch (problem) {
      if (!isOfSqlite(problem)) throw problem
      return this.#beginAnew()
    }
  }

  #beginAnew(): Database {
    try {
      this.#setAside = setAside(this.#path)
      return new Database(this.#path)
    } catch {
      return new Database(IN_MEMORY) // `isKept` says so
    }
  }
}

/** Undefined where there was no file to move. */
function setAside(path: string): string | undefined {
  if (!existsSync(path)) return undefined
  let free = 1
  while (existsSync(`${path}.unusable-${free}`)) free += 1
  const to = `${path}.unusable-${free}`
  for (const companion of COMPANIONS) if (existsSync(path + companion)) renameSync(path + companion, to + companion)
  renameSync(path, to)
  return to
}

const isOfSqlite = (problem: unknown) => (problem as { code?: unknown }).code === 'ERR_SQLITE_ERROR'

/** One open file, whose problems are thrown. */
class Database {
  readonly isFile: boolean
  readonly #sqlite: DatabaseSync
  readonly #ids = new Map<string, number>()
  readonly #write: StatementSync
  readonly #read: StatementSync

  constructor(path: string) {
    this.isFile = path !== IN_MEMORY
    this.#sqlite = new DatabaseSync(path, { timeout: LOCK_PATIENCE_MS })
    try {
      this.#sqlite.exec(TABLES)
      const { quick_check: verdict } = this.#sqlite.prepare('PRAGMA quick_check(1)').get() as { quick_check: string }
      if (verdict !== 'ok') throw Object.assign(new Error(verdict), { code: 'ERR_SQLITE_ERROR' })
      for (const { id, name } of this.#sqlite.prepare('SELECT id, name FROM series').all()) this.#ids.set(name as string, id as number)
      this.#write = this.#sqlite.prepare('INSERT OR REPLACE INTO entry (series, from_ms, until_ms, bytes) VALUES (?, ?, ?, ?)')
      this.#read = this.#sqlite.prepare(
        'SELECT from_ms, until_ms, bytes FROM entry WHERE series = ? AND from_ms BETWEEN ? AND ? AND until_ms >= ? ORDER BY from_ms',
      )
    } catch (problem) {
      this.#sqlite.close()
      throw problem
    }
  }

  write(entries: readonly (SeriesEntry & { readonly series: string })[]): void {
    this.#atOnce(() => {
      for (const { series, fromMs, untilMs, bytes } of entries) this.#write.run(this.#idOf(series), fromMs, untilMs, bytes)
    })
  }

  read(series: string, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): SeriesEntry[] {
    return this.#read.all(this.#ids.get(series) ?? -1, fromMs - LONGEST_ENTRY_MS, toMs, fromMs).map(row => ({
      fromMs: row.from_ms as number,
      untilMs: row.until_ms as number,
      bytes: row.bytes as Uint8Array,
    }))
  }

  times(series: string): number[] {
    const rows = this.#sqlite.prepare('SELECT from_ms FROM entry WHERE series = ? ORDER BY from_ms').all(this.#ids.get(series) ?? -1)
    return rows.map(row => row.from_ms as number)
  }

  remove(series: string, times: readonly number[]): void {
    const id = this.#ids.get(series) ?? -1
    const remove = this.#sqlite.prepare('DELETE FROM entry WHERE series = ? AND from_ms = ?')
    this.#atOnce(() => {
      for (const atMs of times) remove.run(id, atMs)
    })
  }

  names(): string[] {
    const rows = this.#sqlite.prepare('SELECT name FROM series WHERE EXISTS (SELECT 1 FROM entry WHERE series = series.id)').all()
    return rows.map(row => row.name as string)
  }

  text(name: string): string | undefined {
    return this.#sqlite.prepare('SELECT value FROM text WHERE name = ?').get(name)?.value as string | undefined
  }

  setText(name: string, text: string | undefined): void {
    if (text === undefined) this.#sqlite.prepare('DELETE FROM text WHERE name = ?').run(name)
    else this.#sqlite.prepare('INSERT OR REPLACE INTO text (name, value) VALUES (?, ?)').run(name, text)
  }

  close(): void {
    if (this.#sqlite.isOpen) this.#sqlite.close()
  }

  #idOf(name: string): number {
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    const { lastInsertRowid } = this.#sqlite.prepare('INSERT INTO series (name) VALUES (?)').run(name)
    const id = Number(lastInsertRowid)
    this.#ids.set(name, id)
    return id
  }

  #atOnce(work: () => void): void {
    this.#sqlite.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#sqlite.exec('COMMIT')
    } catch (problem) {
      this.#sqlite.exec('ROLLBACK')
      throw problem
    }
  }
}
