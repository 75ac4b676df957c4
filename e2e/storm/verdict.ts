import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cli } from '../cluster/builtCluster.ts'
import { logBytes, recordsIn } from '../cluster/logFiles.ts'
import { readValue, type ReaderBook, type WriterBook } from './books.ts'

/** Of one kind of fault so many are told, not more: what is wrong once is often wrong a thousand times. */
const TOLD = 10

/** What is wrong with the files of stopped brokers, measured by what clients were told. Nothing, when every promise was kept. */
export async function verdictOn(
  directories: readonly string[],
  topic: string,
  { writers, readers }: { readonly writers: readonly WriterBook[]; readonly readers: readonly ReaderBook[] },
): Promise<string[]> {
  const faults: string[] = []
  for (const [partition, reader] of readers.entries()) {
    const [first = Buffer.alloc(0), ...others] = await Promise.all(directories.map(directory => logBytes(directory, topic, partition)))
    for (const [index, other] of others.entries())
      if (!other.equals(first))
        faults.push(`${topic}-${partition} of broker ${index + 2} is not what it is of broker 1: ${whereTheyDiffer(first, other)}`)
    faults.push(...faultsOf(first, `${topic}-${partition}`, { reader, writers: writers.filter(each => each.partition === partition) }))
  }
  for (const directory of directories) faults.push(...(await dumpFaults(directory)))
  return faults
}

interface Told {
  readonly reader: ReaderBook
  readonly writers: readonly WriterBook[]
}

/** What is wrong with one partition's log. */
export function faultsOf(log: Buffer, name: string, { reader, writers }: Told): string[] {
  const stored: (string | undefined)[] = []
  const offsetsOf = new Map<string, Map<number, number[]>>(writers.map(each => [each.writer, new Map()]))
  const faults: Record<string, string[]> = {}
  const fault = (kind: string, what: string) => (faults[kind] ??= []).push(`${name}: ${what}`)
  const lastSequence = new Map<string, number>()
  const idempotent = new Set(writers.filter(each => each.isIdempotent).map(each => each.writer))
  for (const { offset, value } of recordsIn(log)) {
    const { writer, sequence } = readValue(value ?? '')
    stored[offset] = `${writer} ${sequence}`
    const offsets = offsetsOf.get(writer)
    if (offsets === undefined) {
      fault('stranger', `offset ${offset} has a record that nobody wrote: ${value}`)
      continue
    }
    const before = offsets.get(sequence) ?? []
    offsets.set(sequence, [...before, offset])
    if (!idempotent.has(writer)) continue
    if (before.length > 0) fault('twice', `${writer} ${sequence} is stored at ${before.join(', ')} and ${offset}`)
    else if (sequence < (lastSequence.get(writer) ?? -1))
      fault('order', `${writer} ${sequence} at ${offset} is behind ${lastSequence.get(writer)}`)
    lastSequence.set(writer, sequence)
  }
  for (const { writer, offsets } of writers) {
    for (const [sequence, offset] of offsets.entries()) {
      if (offset < 0) continue
      const found = offsetsOf.get(writer)?.get(sequence)
      if (found?.includes(offset) !== true)
        fault(
          'lost',
          `${writer} ${sequence} was acknowledged at ${offset} and is ${found === undefined ? 'nowhere' : `at ${found.join(', ')}`}`,
        )
    }
  }
  for (const [offset, seen] of reader.values.entries())
    if (seen !== undefined && seen !== stored[offset])
      fault('read', `${seen} was read at ${offset}, where ${stored[offset] ?? 'nothing'} is`)
  for (const change of reader.changes) fault('changed', change)
  return Object.values(faults).flatMap(each => [
    ...each.slice(0, TOLD),
    ...(each.length > TOLD ? [`${name}: ${each.length - TOLD} more of these`] : []),
  ])
}

function whereTheyDiffer(one: Buffer, other: Buffer): string {
  const length = Math.min(one.length, other.length)
  let at = 0
  while (at < length && one[at] === other[at]) at += 1
  return `${one.length} and ${other.length} bytes, the same up to byte ${at}`
}

/** What `trilog dump --verify` finds wrong with a broker's files. */
async function dumpFaults(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const folders = entries.filter(entry => entry.isDirectory()).map(entry => join(directory, entry.name))
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, 'dump', '--verify', ...folders], { stdio: ['ignore', 'ignore', 'pipe'] })
    let complaints = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints = (complaints + text).slice(0, 4_000)))
    child.once('error', reject)
    child.once('close', status => resolve(status === 0 ? [] : [`trilog dump --verify of ${directory} ended with ${status}: ${complaints}`]))
  })
}
