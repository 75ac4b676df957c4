import { serveOver } from '../bridge/router.ts'
import { toFailure } from '../bridge/toFailure.ts'
import { HOST } from '../cluster/clusterPlan.ts'
import { freePortsBehind, PortUnusable } from '../cluster/ports.ts'
import { app, type StartFailure } from '../contract/app.ts'
import type { Channel } from '../contract/channel.ts'
import type { Served } from '../contract/operations.ts'
import { nodeEnv } from '../env/node/env.ts'
import { appVersion, openHost, type Host, type HostOptions } from './host.ts'

/** Opens a host, and as long as there is none tells pages why, and lets them try again. */
export class HostStart {
  readonly #options: HostOptions
  readonly #opened: (host: Host) => void
  readonly #lines: StartFailure['lines'] = []
  #opening: Promise<StartFailure | null> | undefined
  #failure: StartFailure | null = null
  #host: Host | undefined
  #isClosed = false

  /** `opened` is called with the host, at most once. */
  constructor(options: HostOptions, opened: (host: Host) => void) {
    this.#options = options
    this.#opened = opened
  }

  get host(): Host | undefined {
    return this.#host
  }

  /** Never rejects. Null when there is a host; whoever asks while it is being opened gets the same answer. */
  open(port: number | undefined = this.#options.port): Promise<StartFailure | null> {
    return (this.#opening ??= this.#open(port).finally(() => (this.#opening = undefined)))
  }

  /** Serves one page with the host, or with the reason why there is none. */
  serve(channel: Channel): void {
    if (this.#host !== undefined) this.#host.serve(channel)
    else serveOver({ app }, { app: this.#services() }, channel, toFailure)
  }

  /** What is being opened is closed again. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#opening
    await this.#host?.close()
  }

  async #open(port: number | undefined): Promise<StartFailure | null> {
    if (this.#host !== undefined || this.#isClosed) return null
    const { directory } = this.#options
    this.#say(`opening the cluster in ${directory}${port === undefined || port === 0 ? '' : ` on ${HOST}:${port}`}`)
    try {
      this.#host = await openHost({ ...this.#options, port })
      this.#failure = null
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.#say(message, true)
      const unusable = error instanceof PortUnusable ? error : undefined
      this.#say(unusable === undefined ? 'no broker was started' : 'no broker was started, nothing was written')
      const otherPort = unusable === undefined ? null : await portTrouble(unusable)
      this.#failure = { message, directory, port: otherPort, lines: [...this.#lines] }
      process.stderr.write(`trilog: ${message}\n`)
      return this.#failure
    }
    this.#opened(this.#host)
    return null
  }

  #say(message: string, isCause = false) {
    this.#lines.push({ atMs: nodeEnv().clock.now(), message, isCause })
  }

  #services(): Served<typeof app> {
    return {
      info: async () => ({ version: appVersion, host: this.#options.kind, clusters: [] }),
      startFailure: async () => this.#failure,
      startAgain: async ({ port }) => this.open(port ?? undefined),
      async *readOnly() {
        yield [] // nobody knows before the folder is open
      },
      setReadOnly: () => Promise.reject(new Error('The cluster was not started')),
    }
  }
}

async function portTrouble({ port, ports, holder }: PortUnusable): Promise<NonNullable<StartFailure['port']>> {
  const others = await freePortsBehind(nodeEnv().network, HOST, ports)
  const brokers = ports.length / 2
  const [first, last] = [others?.[0], others?.[brokers - 1]]
  return {
    port,
    // First come the ports for clients, then those for the other brokers.
    brokerId: (ports.indexOf(port) % brokers) + 1,
    holder: holder ?? null,
    instead: first === undefined || last === undefined ? null : { first, last },
  }
}
