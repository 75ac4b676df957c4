import { kcat, runClient } from './programs.ts'

export interface ProducerOptions {
  readonly bootstrapServers: string
  readonly topic: string
  readonly batchBytes: number
  readonly codec: 'none' | 'lz4'
  readonly acks: -1 | 1
}

/** Produces every line of a file with librdkafka, in C from end to end; resolves with the seconds it took, its own start included. */
export function kcatProduce(file: string, { bootstrapServers, topic, batchBytes, codec, acks }: ProducerOptions): Promise<number> {
  const properties = [`acks=${acks}`, `batch.size=${batchBytes}`, 'linger.ms=5', `compression.codec=${codec}`]
  return timed(['-P', '-b', bootstrapServers, '-t', topic, ...properties.flatMap(each => ['-X', each]), '-l', file])
}

/** Reads a topic from its beginning to its end; resolves with the seconds it took. */
export function kcatConsume({ bootstrapServers, topic }: Pick<ProducerOptions, 'bootstrapServers' | 'topic'>): Promise<number> {
  const properties = ['queued.min.messages=1000000', 'queued.max.messages.kbytes=200000']
  return timed(['-C', '-b', bootstrapServers, '-t', topic, '-o', 'beginning', '-e', '-q', ...properties.flatMap(each => ['-X', each])])
}

async function timed(args: readonly string[]): Promise<number> {
  if (kcat === undefined) throw new Error('there is no kcat')
  const startedAt = performance.now()
  await runClient(kcat, args, { keepOutput: false })
  return (performance.now() - startedAt) / 1_000
}
