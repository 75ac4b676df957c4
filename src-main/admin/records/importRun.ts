import type { BadLine, ProduceSettings, TextFormat } from '../../contract/records.ts'
import type { ClusterSession } from '../clusterSession.ts'
import { Outflow, sizeOf } from '../outflow.ts'
import { Partitioner } from '../partitioner.ts'
import { ParcelSorter } from './parcels.ts'
import type { RunWork } from './runs.ts'
import { type FoundRecord, textReader } from './textReader.ts'
import { WrongRecord } from './wrongRecord.ts'

/** Of more bad lines only the number is told. */
const BAD_LINES_TOLD = 100

export interface ImportRun {
  readonly session: ClusterSession
  readonly topic: string
  readonly format: TextFormat
  readonly size: number | null
  readonly settings: ProduceSettings
  readonly keepsPartitions: boolean
  readonly keepsTimestamps: boolean
}

/** Counts what came out of a text. */
class Intake {
  records = 0
  bytesRead = 0
  badLines: readonly BadLine[] = []
  bad = 0
  readonly #size: number | null

  constructor(size: number | null) {
    this.#size = size
  }

  addBad(lines: readonly BadLine[]): void {
    this.bad += lines.length
    if (this.badLines.length < BAD_LINES_TOLD) this.badLines = [...this.badLines, ...lines].slice(0, BAD_LINES_TOLD)
  }

  progress() {
    const done = this.#size === null || this.#size === 0 ? null : Math.min(1, this.bytesRead / this.#size)
    return { records: this.records, bytes: this.bytesRead, leftOut: this.bad, badLines: [...this.badLines], done }
  }
}

/** Reads a text to its end, and only counts. */
export function checkRun(format: TextFormat, size: number | null): RunWork {
  const intake = new Intake(size)
  return {
    steps: async function* (stop, inbox) {
      const reader = textReader(format)
      const take = ({ records, bad }: ReturnType<typeof reader.end>) => {
        intake.records += records.length
        intake.addBad(bad)
      }
      const isWhole = yield* eachPiece(inbox.pieces(stop), piece => {
        take(reader.push(piece))
        intake.bytesRead += piece.length
      })
      if (isWhole) take(reader.end())
      return isWhole
    },
    progress: () => intake.progress(),
  }
}

/** Produces the records of a text as it comes: the next piece is not taken before the records of the last are stored. */
export function importRun({ session: { client, producer }, topic: name, format, size, settings, ...keeps }: ImportRun): RunWork {
  const intake = new Intake(size)
  const outflow = new Outflow(producer, name, settings.acks)

  return {
    steps: async function* (stop, inbox) {
      const topic = await client.topic(name, { isFresh: true })
      const partitioner = new Partitioner(settings.partitioner, topic, client.random)
      const known = new Set(topic.partitions.map(({ partition }) => partition))
      const reader = textReader(format)

      async function send({ records, bad }: ReturnType<typeof reader.end>): Promise<void> {
        const sorter = new ParcelSorter(settings.compression)
        const elsewhere: BadLine[] = []
        const now = client.clock.now()
        for (const record of records) {
          const named = keeps.keepsPartitions ? record.partition : null
          if (named !== null && !known.has(named)) {
            elsewhere.push({ line: record.line, why: new WrongRecord('elsewhere', { topic: name, partition: named }).told })
            continue
          }
          const timestamp = (keeps.keepsTimestamps ? record.timestamp : null) ?? now
          sorter.add(named ?? partitioner.partitionOf(record.key, sizeOf(record)), contentOf(record, timestamp))
        }
        intake.records += records.length - elsewhere.length
        intake.addBad([...bad, ...elsewhere].sort((one, other) => one.line - other.line))
        await outflow.send(sorter.parcels(), stop)
      }
      const isWhole = yield* eachPiece(inbox.pieces(stop), async piece => {
        await send(reader.push(piece))
        intake.bytesRead += piece.length
      })
      if (isWhole) await send(reader.end())
      return isWhole && !(stop.aborted && outflow.acknowledged < intake.records)
    },
    progress: () => ({ ...intake.progress(), acknowledged: outflow.acknowledged, perhaps: outflow.perhaps }),
    last: () => outflow.last,
  }
}

const contentOf = ({ key, value, headers }: FoundRecord, timestamp: number) => ({ key, value, headers, timestamp })

/** Takes one piece after the other, with a step of the run after each. */
async function* eachPiece(
  pieces: AsyncGenerator<Buffer, boolean, undefined>,
  take: (piece: Buffer) => void | Promise<void>,
): AsyncGenerator<void, boolean, undefined> {
  try {
    for (;;) {
      const next = await pieces.next()
      if (next.done === true) return next.value
      await take(next.value)
      yield
    }
  } finally {
    await pieces.return(false)
  }
}
