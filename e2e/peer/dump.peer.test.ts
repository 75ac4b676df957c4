import { rmSync } from 'node:fs'
import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aFolder, dumpedByTrilog, filesIn, transactionLog, usedCluster, type Told } from './folders.ts'
import { classpath, dumpedByKafka, fieldsOf } from './kafka.ts'

const LOGS = ['.log', '.checkpoint']

/** Lines by which Kafka's dump complains on stdout; the rest of its complaints are on stderr. */
const COMPLAINT = /isvalid: false|Error at offset|Unknown record|invalid bytes|Mismatch|Non-consecutive|not found|Could not|exception/i

const stateOf = { folders: [] as string[] }

describe.skipIf(classpath === undefined).each([
  { of: 'a cluster that was used and stopped', make: usedCluster },
  { of: 'a log with transactions that was closed', make: (folder: string) => transactionLog(folder, 'closed') },
  { of: 'a log with transactions that is still open', make: (folder: string) => transactionLog(folder, 'open') },
  { of: 'a log with transactions that was compacted', make: (folder: string) => transactionLog(folder, 'compacted') },
])('the files of $of', ({ make }) => {
  let folder: string
  let ours: Told[]

  beforeAll(async () => {
    folder = aFolder('dump')
    stateOf.folders.push(folder)
    await make(folder)
    ours = await dumpedByTrilog([folder])
  })

  const of = (file: string, ...types: readonly string[]) => ours.filter(each => each.file === file && types.includes(each.type))
  const files = (...endings: readonly string[]) => endings.flatMap(ending => filesIn(folder, ending)).filter(isBinary)

  it('are all there', () => {
    expect(files('.log').length).toBeGreaterThan(2)
    expect(ours.filter(each => each.type === 'problem')).toEqual([])
  })

  it.each([
    { what: 'topic logs', options: ['--print-data-log'], isMeant: (file: string) => !/__cluster_metadata|__consumer_offsets/.test(file) },
    { what: 'the metadata log', options: ['--cluster-metadata-decoder'], isMeant: (file: string) => file.includes('__cluster_metadata') },
    { what: 'committed offsets', options: ['--offsets-decoder'], isMeant: (file: string) => file.includes('__consumer_offsets') },
  ])('are to Kafka what they are to us: $what', async ({ options, isMeant }) => {
    const logs = files(...LOGS).filter(isMeant)
    const theirs = await dumpedByKafka(logs, '--deep-iteration', ...options)
    expect([...theirs.keys()].sort()).toEqual(logs.sort())
    for (const [file, lines] of theirs) {
      expect(lines.filter(line => COMPLAINT.test(line))).toEqual([])
      const batches = lines.filter(line => line.startsWith('baseOffset:')).map(line => fieldsOf(line))
      expect(batches.map(batchOfTheirs)).toEqual(of(file, 'batch').map(batchOfOurs))
      const records = lines.filter(line => line.startsWith('| offset:')).map(line => fieldsOf(line))
      expect(records.map(recordOfTheirs)).toEqual(of(file, 'record').map(recordOfOurs))
    }
  })

  it('are to Kafka what they are to us: indexes', async () => {
    const theirs = await dumpedByKafka(files('.index', '.timeindex', '.txnindex'))
    for (const [file, lines] of theirs) {
      expect(lines.filter(line => COMPLAINT.test(line))).toEqual([])
      const entries = lines.filter(line => !line.endsWith('is empty.')).map(line => fieldsOf(line))
      const fields = of(file, 'offsetIndexEntry', 'timeIndexEntry', 'abortedTransaction').map(
        ({ type: _type, file: _file, at: _at, ...rest }) => texts(rest),
      )
      expect(entries.map(({ version: _version, ...rest }) => rest)).toEqual(fields)
    }
  })

  it.each(['--index-sanity-check', '--verify-index-only'])('stand the test of %s', async option => {
    const indexes = files('.index', '.timeindex')
    const theirs = await dumpedByKafka(indexes, option)
    expect([...theirs.values()].flat().filter(line => COMPLAINT.test(line))).toEqual([])
    expect(theirs.size).toBe(indexes.length)
  })

  it('are to Kafka what they are to us: producer snapshots', async () => {
    const theirs = await dumpedByKafka(files('.snapshot'))
    for (const [file, lines] of theirs) {
      const producers = lines.map(line => producerOfTheirs(fieldsOf(line)))
      const told = of(file, 'producer').map(producerOfOurs)
      expect(producers.sort()).toEqual(told.sort())
    }
  })
})

afterAll(() => {
  for (const folder of stateOf.folders) rmSync(folder, { recursive: true, force: true })
})

/** Checkpoints of offsets and the log of a broker's words end as files of batches do, and are text. */
function isBinary(file: string): boolean {
  return /^(\d{20}|bootstrap\.checkpoint)/.test(basename(file))
}

function texts(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]))
}

function batchOfTheirs(fields: Readonly<Record<string, string>>) {
  const { size, count, compresscodec, isvalid, CreateTime, LogAppendTime, deleteHorizonMs = '', ...same } = fields
  const [, horizon = 'null'] = /\[(\d+)\]/.exec(deleteHorizonMs) ?? []
  return {
    ...same,
    sizeInBytes: size,
    recordCount: count,
    compression: compresscodec,
    isCrcValid: isvalid,
    maxTimestamp: CreateTime ?? LogAppendTime,
    timestampType: CreateTime === undefined ? 'LogAppendTime' : 'CreateTime',
    deleteHorizonMs: horizon,
  }
}

function batchOfOurs({ type: _type, file: _file, baseTimestamp: _baseTimestamp, ...rest }: Told) {
  return texts(rest)
}

function recordOfTheirs({ offset, keySize, valueSize, CreateTime, LogAppendTime, headerKeys }: Readonly<Record<string, string>>) {
  return { offset, keySize, valueSize, timestamp: CreateTime ?? LogAppendTime, headerKeys }
}

interface Bytes {
  readonly encoding: BufferEncoding
  readonly data: string
}

function recordOfOurs({ offset, key, value, timestamp, headers }: Told) {
  const size = (bytes: unknown) => `${bytes === null ? -1 : Buffer.from((bytes as Bytes).data, (bytes as Bytes).encoding).length}`
  const headerKeys = (headers as readonly { readonly key: string }[]).map(header => header.key).join(',')
  return { offset: String(offset), keySize: size(key), valueSize: size(value), timestamp: String(timestamp), headerKeys: `[${headerKeys}]` }
}

function producerOfTheirs(fields: Readonly<Record<string, string>>) {
  const {
    producerId,
    producerEpoch,
    coordinatorEpoch,
    currentTxnFirstOffset = '',
    lastTimestamp,
    lastSequence = '-1',
    lastOffset = '-1',
  } = fields
  const [firstOffset = '-1'] = /\d+/.exec(currentTxnFirstOffset) ?? []
  return [producerId, producerEpoch, coordinatorEpoch, firstOffset, lastTimestamp, lastSequence, lastOffset]
}

function producerOfOurs({ producerId, producerEpoch, coordinatorEpoch, currentTxnFirstOffset, timestamp, lastSequence, lastOffset }: Told) {
  return [producerId, producerEpoch, coordinatorEpoch, currentTxnFirstOffset, timestamp, lastSequence, lastOffset].map(String)
}
