import type { Channel, Frame } from '../contract/channel.ts'

/** The one IPC channel between a window and main. */
export const IPC_CHANNEL = 'trilog'

/** What a page posts before anything else: it is new, and asks for a channel of its own. */
export const NEW_PAGE = 'new page'

/** What the channels of a window need of Electron's main side, so that this file needs no Electron. */
export interface WindowPort {
  send(channel: string, frame: Frame): void
  /** What the window's page posted, the app's own page only. */
  onMessage(listen: (message: Frame | typeof NEW_PAGE) => void): void
  /** The page is gone: its window was closed, or its process ended. */
  onGone(listen: () => void): void
}

/**
 * A window's IPC as channels, one for each page it loads: a reload is the end of the old page's channel, so that what it had asked for stops, and its
 * questions are not mixed up with those of the new page, which counts from one again.
 */
export function servePages(port: WindowPort, serve: (channel: Channel) => void): void {
  let page: PageChannel | undefined
  port.onGone(() => page?.close())
  port.onMessage(message => {
    if (message !== NEW_PAGE) {
      page?.take(message)
      return
    }
    page?.close()
    page = new PageChannel(frame => port.send(IPC_CHANNEL, frame))
    serve(page)
  })
}

class PageChannel implements Channel {
  #isClosed = false
  readonly #send: (frame: Frame) => void
  #listen: ((frame: Frame) => void) | undefined
  readonly #closeListeners: (() => void)[] = []

  constructor(send: (frame: Frame) => void) {
    this.#send = send
  }

  post(frame: Frame) {
    if (!this.#isClosed) this.#send(frame)
  }

  onFrame(listen: (frame: Frame) => void) {
    this.#listen = listen
  }

  onClose(listen: () => void) {
    this.#closeListeners.push(listen)
  }

  take(frame: Frame) {
    if (!this.#isClosed) this.#listen?.(frame)
  }

  close() {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const listen of this.#closeListeners) listen()
  }
}
