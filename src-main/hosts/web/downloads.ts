import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { ExportFile } from '../../admin/records/exportFile.ts'

const FOLDER = '/downloads/'
/** A page that was told where its download is asks for it at once. */
const FETCHED_WITHIN_MS = 60_000

/** The browser never came for a download, or left in the middle of it. */
export class DownloadEnded extends Error {
  readonly code = 'DOWNLOAD_ENDED'
}

/** Files that browsers fetch while they are being written. Each is fetched once, under an address that nobody can guess. */
export class Downloads {
  readonly #waiting = new Map<string, Download>()

  open(name: string): ExportFile {
    const path = `${FOLDER}${randomBytes(18).toString('base64url')}`
    const download = new Download(path, name, () => this.#waiting.delete(path))
    this.#waiting.set(path, download)
    return download
  }

  /** Whether that is the address of one: then it is on its way. */
  serve(path: string, response: ServerResponse, headers: Readonly<Record<string, string>>): boolean {
    const download = this.#waiting.get(path)
    download?.fetched(response, headers)
    return download !== undefined
  }
}

class Download implements ExportFile {
  readonly place: ExportFile['place']
  readonly #name: string
  readonly #taken: () => void
  readonly #response = Promise.withResolvers<ServerResponse>()
  readonly #timer: NodeJS.Timeout

  constructor(path: string, name: string, taken: () => void) {
    this.place = { kind: 'download', path }
    this.#name = name
    this.#taken = taken
    this.#response.promise.catch(() => undefined) // of interest only to who writes
    this.#timer = setTimeout(() => this.#giveUp(), FETCHED_WITHIN_MS)
  }

  fetched(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
    clearTimeout(this.#timer)
    this.#taken()
    response.writeHead(200, {
      ...headers,
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename*=UTF-8''${attributeOf(this.#name)}`,
      'cache-control': 'no-store',
    })
    response.flushHeaders() // the browser shall know at once that there is a file, however long the first record takes
    this.#response.resolve(response)
  }

  async write(bytes: Buffer): Promise<void> {
    const response = await this.#response.promise
    if (response.destroyed) throw left()
    if (!response.write(bytes)) await Promise.race([once(response, 'drain'), once(response, 'close')])
    if (response.destroyed) throw left()
  }

  abandon(): void {
    this.#giveUp()
    void this.#response.promise.then(
      response => response.destroy(),
      () => undefined,
    )
  }

  /** Cut off in the middle, so that the browser says itself that the file is not whole. */
  async close({ isWhole }: { readonly isWhole: boolean }): Promise<void> {
    if (!isWhole) {
      this.abandon()
      return
    }
    const response = await this.#response.promise
    response.end()
    if (!response.writableFinished && !response.destroyed) await Promise.race([once(response, 'finish'), once(response, 'close')])
    if (!response.writableFinished) throw left()
  }

  #giveUp(): void {
    clearTimeout(this.#timer)
    this.#taken()
    this.#response.reject(new DownloadEnded('The browser did not fetch the file.'))
  }
}

const left = () => new DownloadEnded('The browser stopped fetching the file.')

/** As RFC 8187 has it: fewer characters stay as they are than in an address. */
const attributeOf = (name: string) =>
  encodeURIComponent(name).replace(/['()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
