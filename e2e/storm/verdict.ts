import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cli } from '../cluster/builtCluster.ts'
import { batchesIn, batchSize, producerEpoch } from '../../src-main/protocol/records/batch.ts'
import { logBytes, recordsIn } from '../cluster/logFiles.ts'
import { readValue, type ReaderBook, type WriterBook } from './books.ts'

/** Of one kind of fault so many are told, not more: what is wrong once is often wrong a thousand times. */
const TOLD = 10

export interface Verdict {
  /** Nothing, when every promise was kept. */
  readonly faults: readonly string[]
  /**
   * Records that are there twice because their producer gave itself another epoch while it did not know whether they were stored, and sent them again:
   * to brokers those are others. Kafka's own producer does not do that, librdkafka does.
   */
  readonly sentAgain: number
}

/** What is wrong with the files of stopped brokers, measured by what clients were told. */
export async function verdictOn(
  directories: readonly string[],
  topic: string,
  { writers, readers }: { readonly writers: readonly WriterBook[]; readonly readers: readonly ReaderBook[] },
): Promise<Verdict> {
  const faults: string[] = []
  let sentAgain = 0
  for (const [partition, reader] of readers.entries()) {
    const [first = Buffer.alloc(0), ...others] = await Promise.all(directories.map(directory => logBytes(directory, topic, partition)))
    for (const [index, other] of others.entries())
      if (!other.equals(first))
        faults.push(`${topic}-${partition} of broker ${index + 2} is not what it is of broker 1: ${whereTheyDiffer(first, other)}`)
    const verdict = verdictOnLog(first, `${topic}-${partition}`, { reader, writers: writers.filter(each => each.partition === partition) })
    faults.push(...verdict.faults)
    sentAgain += verdict.sentAgain
  }
  for (const directory of directories) faults.push(...(await dumpFaults(directory)))
  return { faults, sentAgain }
}

interface Told {
  readonly reader: ReaderBook
  readonly writers: readonly WriterBook[]
}

interface Place {
  readonly offset: number
  readonly epoch: number
}

/** What is wrong with one partition's log. */
export function verdictOnLog(log: Buffer, name: string, { reader, writers }: Told): Verdict {
  const stored: (string | undefined)[] = []
  const placesOf = new Map<string, Map<number, Place[]>>(writers.map(each => [each.writer, new Map()]))
  let sentAgain = 0
  const faults: Record<string, string[]> = {}
  const fault = (kind: string, what: string) => (faults[kind] ??= []).push(`${name}: ${what}`)
  const lastSequence = new Map<string, number>()
  const idempotent = new Set(writers.filter(each => each.isIdempotent).map(each => each.writer))
  for (const { offset, value, epoch } of recordsWithEpoch(log)) {
    const { writer, sequence } = readValue(value ?? '')
    stored[offset] = `${writer} ${sequence}`
    const places = placesOf.get(writer)
    if (places === undefined) {
      fault('stranger', `offset ${offset} has a record that nobody wrote: ${value}`)
      continue
    }
    const before = places.get(sequence) ?? []
    places.set(sequence, [...before, { offset, epoch }])
    if (!idempotent.has(writer)) continue
    const inOrderOf = `${writer}, epoch ${epoch}`
    const last = lastSequence.get(inOrderOf) ?? -1
    if (before.some(each => each.epoch === epoch)) fault('twice', `${writer} ${sequence} is stored at ${told(before)} and ${offset}`)
    else if (sequence < last) fault('order', `${writer} ${sequence} at ${offset} is behind ${last}`)
    else if (before.length > 0) sentAgain += 1
    lastSequence.set(inOrderOf, sequence)
  }
  for (const { writer, offsets } of writers) {
    for (const [sequence, offset] of offsets.entries()) {
      if (offset < 0) continue
      const found = placesOf.get(writer)?.get(sequence)
      if (found?.some(each => each.offset === offset) !== true)
        fault('lost', `${writer} ${sequence} was acknowledged at ${offset} and is ${found === undefined ? 'nowhere' : `at ${told(found)}`}`)
    }
  }
  for (const [offset, seen] of reader.values.entries())
    if (seen !== undefined && seen !== stored[offset])
      fault('read', `${seen} was read at ${offset}, where ${stored[offset] ?? 'nothing'} is`)
  for (const change of reader.changes) fault('changed', change)
  const short = Object.values(faults).flatMap(each => [
    ...each.slice(0, TOLD),
    ...(each.length > TOLD ? [`${name}: ${each.length - TOLD} more of these`] : []),
  ])
  return { faults: short, sentAgain }
}

const told = (places: readonly Place[]) => places.map(each => each.offset).join(', ')

/** Every record and the epoch of its producer, -1 where that has none. */
function* recordsWithEpoch(log: Buffer): Generator<{ offset: number; value: string | null; epoch: number }> {
  for (const at of batchesIn(log)) {
    const epoch = producerEpoch(log, at)
    for (const record of recordsIn(log.subarray(at, at + batchSize(log, at)))) yield { ...record, epoch }
  }
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
