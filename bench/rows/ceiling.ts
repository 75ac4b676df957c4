import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { inTemporaryFolder } from '../folders.ts'
import { figuresOf, type Row } from '../figures.ts'

const clients = join(import.meta.dirname, '..', 'clients')

let measured: Promise<readonly number[]> | undefined

/** What two processes that do nothing else move from one to the other and into a file; measured once. */
export async function ceiling(isQuick: boolean): Promise<Row[]> {
  const values = await (measured ??= measure(isQuick ? 2 : 5, isQuick ? 300 : 1_000))
  return [{ name: 'the machine: loopback TCP plus write(2), two plain processes', unit: 'MB/s', values }]
}

/** In MB/s: what the rows of brokers are held against. */
export async function ceilingOf(isQuick: boolean): Promise<number> {
  const [row] = await ceiling(isQuick)
  return figuresOf(row?.values ?? []).median
}

async function measure(rounds: number, megabytes: number): Promise<number[]> {
  const values: number[] = []
  for (let round = 0; round < rounds; round++) {
    await inTemporaryFolder(async folder => {
      const source = fork(join(clients, 'plainSource.ts'), [String(megabytes * 1e6)])
      const [port] = (await once(source, 'message')) as [number]
      const sink = fork(join(clients, 'plainSink.ts'), [String(port), join(folder, 'bytes')])
      const [bytesPerSecond] = (await once(sink, 'message')) as [number]
      values.push(bytesPerSecond / 1e6)
      // Either may have ended by itself: nothing holds it once its bytes are through.
      for (const child of [source, sink]) if (child.connected) child.disconnect()
    })
  }
  return values
}
