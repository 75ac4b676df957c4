import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { z } from 'zod'
import type { KeptThrottle, ThrottleKeeper } from '../admin/reassignments/keptThrottle.ts'

const Kept = z.object({
  clusters: z.record(
    z.string(),
    z.object({
      rates: z.array(z.object({ brokerId: z.number().int(), bytesPerSecond: z.number() })),
      topics: z.array(z.object({ topic: z.string(), leader: z.array(z.string()), follower: z.array(z.string()) })),
      moves: z.array(z.object({ topic: z.string(), partition: z.number().int() })),
    }),
  ),
})

/** Which throttles were set here and have to be taken away: in a file, so that the next host knows of them. */
export class ThrottleFile implements ThrottleKeeper {
  readonly #path: string
  #clusters: Readonly<Record<string, KeptThrottle>>
  #writing: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
    this.#clusters = keptIn(path)
  }

  read(clusterId: string): KeptThrottle | null {
    return Object.hasOwn(this.#clusters, clusterId) ? this.#clusters[clusterId]! : null
  }

  write(clusterId: string, throttle: KeptThrottle | null): Promise<void> {
    const written = this.#writing.then(async () => {
      const { [clusterId]: _, ...others } = this.#clusters
      const clusters = throttle === null ? others : { ...others, [clusterId]: throttle }
      await this.#replace(clusters)
      this.#clusters = clusters
    })
    this.#writing = written.catch(() => undefined) // told to whoever asked for it; the next one may succeed
    return written
  }

  /** What is set after this is known after a crash of the machine, too. */
  async #replace(clusters: Readonly<Record<string, KeptThrottle>>): Promise<void> {
    const fresh = `${this.#path}.${randomBytes(4).toString('hex')}`
    try {
      const handle = await open(fresh, 'wx', 0o600)
      try {
        await handle.writeFile(`${JSON.stringify({ clusters })}\n`)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(fresh, this.#path)
    } finally {
      await rm(fresh, { force: true })
    }
  }
}

/** None of a file that is not there, or makes no sense: a throttle that is still there is shown, and can be removed by hand. */
function keptIn(path: string): Readonly<Record<string, KeptThrottle>> {
  try {
    return Kept.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data?.clusters ?? {}
  } catch (problem) {
    if (problem instanceof SyntaxError || (problem as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw problem
  }
}
