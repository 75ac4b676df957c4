import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { dump as dumpFiles } from '../../cluster/dump/dump.ts'
import { itemJson } from '../../cluster/dump/formatJson.ts'
import { itemText, problemText } from '../../cluster/dump/formatText.ts'
import { readOnlyFiles } from '../readOnlyFiles.ts'
import type { Command } from './commandLine.ts'

/** Lines are written together up to this: a system call for each would take longer than reading the file. */
const WRITTEN_TOGETHER_CHARACTERS = 64 * 1024

/** Prints what files hold, to a reader as slow as it likes. Resolves with the exit status: 1 when something is wrong with a file. */
export async function dump({ files, json, verify }: Extract<Command, { command: 'dump' }>): Promise<number> {
  const [output, errors] = [new Lines(process.stdout), new Lines(process.stderr)]
  let status = 0
  for await (const items of dumpFiles(readOnlyFiles, files, { verify })) {
    for (const item of items) {
      if (item.type === 'problem') {
        status = 1
        // In the order in which things were found, where both go to one terminal.
        if (json) await output.write(itemJson(item))
        await output.flush()
        await errors.write(problemText(item))
        await errors.flush()
      } else {
        const waiting = output.write(json ? itemJson(item) : itemText(item))
        if (waiting !== undefined) await waiting
      }
      if (output.isGone) return status
    }
  }
  await output.flush()
  return status
}

/** Lines for a stream that may be slow, or gone before the end: `trilog dump FILE | head` is no failure. */
class Lines {
  readonly #to: Writable
  #text = ''
  isGone = false

  constructor(to: Writable) {
    this.#to = to
    to.once('error', () => (this.isGone = true))
    to.once('close', () => (this.isGone = true))
  }

  /** Answers a promise when the caller has to wait. */
  write(line: string): Promise<void> | undefined {
    // One of hundreds of megabytes may be as long as a string can be.
    if (line.length >= WRITTEN_TOGETHER_CHARACTERS) return this.#writeAlone(line)
    this.#text += `${line}\n`
    return this.#text.length < WRITTEN_TOGETHER_CHARACTERS ? undefined : this.flush()
  }

  async #writeAlone(line: string): Promise<void> {
    await this.flush()
    this.#text = '\n'
    await this.#send(line)
  }

  async flush(): Promise<void> {
    const text = this.#text
    this.#text = ''
    await this.#send(text)
  }

  async #send(text: string): Promise<void> {
    if (text === '' || this.isGone || this.#to.write(text)) return
    const waited = new AbortController()
    try {
      await Promise.race(['drain', 'close', 'error'].map(event => once(this.#to, event, { signal: waited.signal })))
    } catch {
      this.isGone = true
    } finally {
      waited.abort()
    }
  }
}
