import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Kafka, Producer } from 'kafkajs'
import { findPython } from '../../resources/npm/programs.mjs'
import type { SeededRandom } from '../../src-main/simulation/seededRandom.ts'
import { valueOf, WriterBook, type Gaps } from './books.ts'
import { endsWithin, sleep } from './patience.ts'

/** A client under load. */
export interface Writer {
  readonly books: readonly WriterBook[]
  /** What it was refused or gave up: nothing of that may happen to it, whatever happens to brokers. */
  readonly complaints: string[]
  /** Writes until `stop`, which resolves when nothing is in flight any more. */
  start(): void
  stop(): Promise<void>
}

const MOST_RECORDS = 5
/** The exit status of the script when librdkafka gave up as it is known to. */
const SURRENDERED = 3
const PADDING_BYTES = 300
/** In a cluster to which nothing is done any more. */
const STOPS_WITHIN_MS = 30_000

export interface KafkajsWriterOptions {
  readonly name: string
  readonly topic: string
  readonly partition: number
  readonly isIdempotent: boolean
  readonly everyMs: number
  readonly random: SeededRandom
  readonly gaps: Gaps
}

/** kafkajs with acks=all: one batch after the other to one partition, at a fixed rate as long as the cluster keeps up. */
export class KafkajsWriter implements Writer {
  readonly books: readonly [WriterBook]
  readonly complaints: string[] = []
  /** Whether it never came to an end, and another producer wrote to its partition at once. */
  isStuck = false
  readonly #kafka: Kafka
  readonly #options: KafkajsWriterOptions
  #isStopping = false
  #done: Promise<void> | undefined

  constructor(kafka: Kafka, options: KafkajsWriterOptions) {
    const { name, partition, isIdempotent } = options
    this.#kafka = kafka
    this.#options = options
    this.books = [new WriterBook({ writer: name, partition, isIdempotent })]
  }

  start(): void {
    this.#done = this.#run()
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    this.isStuck = !(await endsWithin(STOPS_WITHIN_MS, this.#done))
    if (!this.isStuck) return
    const another = await this.#connect()
    if (!(await endsWithin(STOPS_WITHIN_MS, this.#send(another))))
      this.complaints.push('neither this producer nor another one gets an answer')
  }

  async #run(): Promise<void> {
    const { everyMs } = this.#options
    let producer = await this.#connect()
    for (let dueAt = performance.now(); !this.#isStopping; dueAt = Math.max(dueAt + everyMs, performance.now() - everyMs)) {
      await sleep(dueAt - performance.now())
      try {
        await this.#send(producer)
      } catch (error) {
        // Whether these records were stored is open; another producer goes on with the next ones.
        this.complaints.push(String(error))
        await producer.disconnect()
        producer = await this.#connect()
      }
    }
    await producer.disconnect()
  }

  async #send(producer: Producer): Promise<void> {
    const { name, topic, partition, random, gaps } = this.#options
    const [book] = this.books
    const sequences = Array.from({ length: 1 + random.below(MOST_RECORDS) }, () => book.next())
    const messages = sequences.map(sequence => ({ partition, value: valueOf(name, sequence, random.below(PADDING_BYTES)) }))
    const [sent] = await producer.send({ topic, acks: -1, messages })
    const baseOffset = Number(sent?.baseOffset)
    for (const [index, sequence] of sequences.entries()) book.acknowledge(sequence, baseOffset + index)
    gaps.acknowledged(name, performance.now())
  }

  async #connect(): Promise<Producer> {
    for (;;) {
      const producer = this.#kafka.producer(this.#options.isIdempotent ? { idempotent: true, maxInFlightRequests: 1 } : {})
      try {
        await producer.connect()
        return producer
      } catch (error) {
        if (this.#isStopping) throw error
      }
    }
  }
}

export interface LibrdkafkaWriterOptions {
  readonly name: string
  readonly topic: string
  readonly partitions: number
  readonly bootstrap: string
  readonly everyMs: number
  readonly gaps: Gaps
}

/**
 * librdkafka through Python, where the machine has it: pipelines up to five batches for each partition, and sends them again until they are stored. Before
 * 2.3 it gives up with a sequence that it takes for out of order when a request timed out that may have been stored (its issue 4438): another one goes on
 * then, under a name of its own, for what the first one sent may still arrive.
 */
export class LibrdkafkaWriter implements Writer {
  static readonly python = findPython('confluent_kafka')
  readonly books: WriterBook[] = []
  readonly complaints: string[] = []
  /** How often it gave up. */
  surrenders = 0
  readonly #options: LibrdkafkaWriterOptions
  #isStopping = false
  #ended: Promise<void> | undefined
  #endInput: (() => void) | undefined

  constructor(options: LibrdkafkaWriterOptions) {
    this.#options = options
  }

  start(): void {
    const { topic, partitions, bootstrap, everyMs } = this.#options
    const name = this.surrenders === 0 ? this.#options.name : `${this.#options.name}-${this.surrenders}`
    const books = Array.from({ length: partitions }, (_, partition) => new WriterBook({ writer: name, partition, isIdempotent: true }))
    this.books.push(...books)
    const child = spawn(LibrdkafkaWriter.python ?? 'python3', [join(import.meta.dirname, 'librdkafka_writer.py')], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child.stdin.on('error', problem => this.complaints.push(`the writer's input: ${problem.message}`))
    child.stdin.write(`${JSON.stringify({ writer: name, topic, partitions, bootstrap, everyMs })}\n`)
    this.#endInput = () => child.stdin.end()
    createInterface({ input: child.stdout }).on('line', line => this.#told(line, books))
    // librdkafka logs what happens to its connections; only a script that ends early has something to say here.
    const lastLines: string[] = []
    createInterface({ input: child.stderr }).on('line', line => lastLines.splice(0, lastLines.length - 20, line))
    this.#ended = new Promise(resolve => {
      child.once('error', problem => {
        this.complaints.push(problem.message)
        resolve()
      })
      child.once('close', (status, signal) => {
        if (status === SURRENDERED) {
          this.surrenders += 1
          if (!this.#isStopping) this.start()
        } else if (status !== 0) this.complaints.push(`the writer ended with ${signal ?? status}: ${lastLines.join('\n')}`)
        resolve()
      })
    })
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    this.#endInput?.()
    await this.#ended
  }

  #told(line: string, books: readonly WriterBook[]): void {
    if (line.startsWith('!')) {
      this.complaints.push(line.slice(2))
      return
    }
    if (line.startsWith('done')) {
      for (const [partition, count] of line.split(' ').slice(1).entries()) entered(books[partition], Number(count) - 1)
      return
    }
    if (!/^\d+ \d+ \d+$/.test(line)) return // it ended in the middle of a line
    const [partition = 0, sequence = 0, offset = 0] = line.split(' ').map(Number)
    entered(books[partition], sequence)?.acknowledge(sequence, offset)
    this.#options.gaps.acknowledged(this.#options.name, performance.now())
  }
}

/** With this sequence, and all before it, entered as sent. */
function entered(book: WriterBook | undefined, sequence: number): WriterBook | undefined {
  while (book !== undefined && book.offsets.length <= sequence) book.next()
  return book
}
