import { portInUse } from '../../cluster/ports.ts'
import type { Channel } from '../../contract/channel.ts'
import type { Processes } from '../../env/processes.ts'
import { Downloads } from './downloads.ts'
import { startWebHost, type WebHost, type WebHostOptions } from './webHost.ts'

/** The browser face, at one address with one key, whoever serves its pages: before there is a cluster somebody has to say why. */
export class WebFace {
  /** Files that its pages may fetch while they are written. */
  readonly downloads: Downloads
  readonly #web: WebHost
  readonly #pages: { serve: (channel: Channel) => void }

  private constructor(web: WebHost, downloads: Downloads, pages: { serve: (channel: Channel) => void }) {
    this.downloads = downloads
    this.#web = web
    this.#pages = pages
  }

  /** Throws when the port cannot be had; the error names it and, where the system tells, who has it. */
  static async open(
    { downloads = new Downloads(), ...options }: Pick<WebHostOptions, 'port' | 'files' | 'downloads'>,
    processes: Pick<Processes, 'holderOfPort'>,
  ): Promise<WebFace> {
    const pages = { serve: (channel: Channel) => channel.close() }
    try {
      return new WebFace(await startWebHost({ ...options, downloads, connected: channel => pages.serve(channel) }), downloads, pages)
    } catch (error) {
      throw await reasonOf(error, options.port, processes)
    }
  }

  get url(): string {
    return this.#web.url
  }

  get port(): number {
    return this.#web.port
  }

  get token(): string {
    return this.#web.token
  }

  /** Pages that come from now on are served by this. */
  serveBy(serve: (channel: Channel) => void): void {
    this.#pages.serve = serve
  }

  close(): Promise<void> {
    return this.#web.close()
  }
}

async function reasonOf(error: unknown, port: number, processes: Pick<Processes, 'holderOfPort'>): Promise<unknown> {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') {
    const holder = await processes.holderOfPort(port)
    return new Error(`${portInUse(port, holder)}. Stop it, or choose another port for the browser face with --web-port`, { cause: error })
  }
  if (code !== 'EACCES') return error
  return new Error(`Port ${port} is one that this system does not give to ordinary users. Choose another with --web-port`, { cause: error })
}
