import { spawn } from 'node:child_process'

export type Codec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
export const everyCodec: readonly Codec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** Bytes are written as strings of one character per byte (`latin1`), so that they pass through JSON and a failed comparison can be read. */
export interface ToProduce {
  readonly partition: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [name: string, value: string | null])[]
  /** Left to the client when `null`. */
  readonly timestamp: number | null
}

export interface Consumed {
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [name: string, value: string | null])[]
  readonly timestamp: number
}

/** What a client's admin calls told, one after the other, about a topic that it made and a group that exists. What a client has no call for is left out. */
export interface AdminReport {
  readonly partitionsAtFirst: number
  readonly retentionAtFirst?: string
  readonly retentionAltered?: string
  readonly partitionsAdded?: number
  readonly groups?: readonly string[]
  /** Log start offset of partition 0 after the records before offset 2 were deleted. */
  readonly logStartOffset?: number
  readonly isListedAfterDelete: boolean
}

export interface Administer {
  readonly topic: string
  /** What to create the topic with; altered to `retentionMs * 2` later. */
  readonly retentionMs: number
}

/** A Kafka client that nobody here wrote, behind the few things these tests ask of it. */
export interface Client {
  readonly name: string
  readonly codecs: readonly Codec[]
  /** Whether it can send chosen timestamps and empty values, which kcat cannot. */
  readonly isRich: boolean
  /** Why it cannot be used on this machine, with what would help; `undefined` when it can. */
  missing(): string | undefined
  /** Left out by a client that can only rely on the broker to create topics on first use. */
  createTopic?(bootstrap: string, topic: { name: string; partitions: number; replicationFactor: number }): Promise<void>
  /** Idempotent, acks=all. Resolves when everything is acknowledged. */
  produce(bootstrap: string, what: { topic: string; codec: Codec; records: readonly ToProduce[] }): Promise<void>
  /** Joins the group, reads from the beginning until `count` records came, commits and leaves. */
  consume(bootstrap: string, what: { topic: string; groupId: string; count: number }): Promise<Consumed[]>
  administer?(bootstrap: string, what: Administer): Promise<AdminReport>
  /** What it says of a group: what it committed of each partition, and where that ends. */
  lag?(bootstrap: string, what: { topic: string; groupId: string; partitions: number }): Promise<readonly ClientLag[]>
}

export interface ClientLag {
  readonly partition: number
  /** `null` where nothing was committed. */
  readonly committed: number | null
  readonly end: number
}

export const bytesOf = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text, 'latin1'))
export const textOf = (bytes: Buffer | null | undefined): string | null =>
  bytes === null || bytes === undefined ? null : bytes.toString('latin1')

const CAUGHT_UP_MS = 10_000

/** Brokers learn of a change one after the other: asks until `isNew`, and gives what was told last. */
export async function caughtUp<T>(ask: () => Promise<T>, isNew: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + CAUGHT_UP_MS
  for (;;) {
    const answer = await ask()
    if (isNew(answer) || performance.now() > deadline) return answer
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

const PROGRAM_MS = 60_000

/** Runs a program to its end and gives what it wrote; throws with its complaints when it fails. */
export function runProgram(command: string, args: readonly string[], input: string | Buffer = ''): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: PROGRAM_MS, killSignal: 'SIGKILL' })
    const output: Buffer[] = []
    const complaints: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk))
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(output))
      else reject(new Error(`${command} ended with ${signal ?? code}: ${Buffer.concat(complaints).toString('utf8').slice(-4_000)}`))
    })
    child.stdin.on('error', () => undefined) // a program that ends before it has read all is judged by its exit status
    child.stdin.end(input)
  })
}
