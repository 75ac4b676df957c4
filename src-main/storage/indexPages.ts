import { Lru } from '../base/lru.ts'

/** 16 MiB of pages of 4 KiB. */
const KEPT_PAGES = 4096
const MAX_PAGES_OF_A_FILE = 2 ** 22

/**
 * Pages of index files that were read lately, shared by all logs of a broker: what is looked up often costs no read, and what ten thousand logs keep
 * in memory is bounded.
 */
export class IndexPages {
  readonly #pages: Lru<number, Buffer>
  #files = 0

  constructor(capacity = KEPT_PAGES) {
    this.#pages = new Lru(capacity)
  }

  /** A name for the present content of a file. Once the content changes, other than by entries behind it, it needs another name. */
  nameFile(): number {
    this.#files += 1
    return this.#files
  }

  get(file: number, page: number): Buffer | undefined {
    return this.#pages.get(file * MAX_PAGES_OF_A_FILE + page)
  }

  set(file: number, page: number, entries: Buffer): void {
    this.#pages.set(file * MAX_PAGES_OF_A_FILE + page, entries)
  }
}
