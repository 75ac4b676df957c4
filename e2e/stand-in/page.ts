/** What crosses between the page and the main process. */
export type ToMain =
  | { type: 'invoke'; id: number; channel: string; args: unknown[] }
  | { type: 'send'; channel: string; args: unknown[] }
  | { type: 'open' | 'navigate'; url: string }
export type ToPage =
  | { type: 'reply'; id: number; value: unknown }
  | { type: 'refusal'; id: number; reason: string }
  | { type: 'event'; channel: string; args: unknown[] }

export interface PageSetup {
  /** Source text of `structuredCopy`. */
  readonly copySource: string
  readonly preloadSource: string
  readonly process: object
}

/** What a page gets in place of `electron`: its source text runs in the page before the page's own scripts, so it stands alone too. */
export function inPage({ copySource, preloadSource, process }: PageSetup): void {
  type Listener = (event: object, ...args: unknown[]) => void
  const page = globalThis as unknown as {
    __standInPost(text: string): void
    __standInDeliver(text: string): void
    [exposed: string]: unknown
  }
  const { toText, fromText } = (0, eval)(`(${copySource})`)() as { toText(value: unknown): string; fromText(text: string): unknown }
  const listeners = new Map<string, Listener[]>()
  const waiting = new Map<number, { channel: string; resolve: (value: unknown) => void; reject: (why: Error) => void }>()
  let lastId = 0
  const post = (message: ToMain) => page.__standInPost(toText(message))

  page.__standInDeliver = text => {
    const message = fromText(text) as ToPage
    if (message.type === 'event') {
      for (const listener of [...(listeners.get(message.channel) ?? [])]) listener({ sender: ipcRenderer, senderId: 0 }, ...message.args)
      return
    }
    const asked = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.type === 'reply') asked?.resolve(message.value)
    else asked?.reject(new Error(`Error invoking remote method '${asked.channel}': ${message.reason}`))
  }

  const ipcRenderer = {
    // structuredClone refuses functions and proxies, as Electron does.
    invoke: (channel: string, ...args: unknown[]) =>
      new Promise((resolve, reject) => {
        const copied = structuredClone(args)
        waiting.set(++lastId, { channel, resolve, reject })
        post({ type: 'invoke', id: lastId, channel, args: copied })
      }),
    send: (channel: string, ...args: unknown[]) => post({ type: 'send', channel, args: structuredClone(args) }),
    on(channel: string, listener: Listener) {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener])
      return this
    },
    once(channel: string, listener: Listener) {
      const wrapper: Listener = (...args) => {
        this.off(channel, wrapper)
        listener(...args)
      }
      return this.on(channel, wrapper)
    },
    off(channel: string, listener: Listener) {
      listeners.set(
        channel,
        (listeners.get(channel) ?? []).filter(each => each !== listener),
      )
      return this
    },
    removeListener(channel: string, listener: Listener) {
      return this.off(channel, listener)
    },
    removeAllListeners(channel: string) {
      listeners.delete(channel)
      return this
    },
  }

  /** As contextBridge does it: functions are wrapped, all else is copied, and the result cannot be changed. */
  const bridged = (value: unknown): unknown => {
    if (typeof value === 'function') {
      const call = value as (...args: unknown[]) => unknown
      return (...args: unknown[]) => bridged(call(...args.map(bridged)))
    }
    if (value === null || typeof value !== 'object') return value
    if (value instanceof Promise) return value.then(bridged)
    if (Array.isArray(value)) return Object.freeze(value.map(bridged))
    if (Object.getPrototypeOf(value) !== Object.prototype) return structuredClone(value)
    return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, field]) => [key, bridged(field)])))
  }

  const electron = {
    ipcRenderer,
    contextBridge: {
      exposeInMainWorld: (key: string, api: unknown) => Object.defineProperty(page, key, { value: bridged(api), enumerable: true }),
    },
    webFrame: { setZoomFactor: () => undefined, getZoomFactor: () => 1 },
    webUtils: { getPathForFile: () => '' },
  }
  const require = (name: string) => {
    if (name === 'electron' || name === 'electron/renderer') return electron
    throw new Error(`module not found: ${name} (a sandboxed preload has only electron)`)
  }
  // Windows and other pages are the main process's to allow.
  window.open = url => {
    post({ type: 'open', url: new URL(String(url), location.href).href })
    return null
  }
  document.addEventListener('click', event => {
    const link = (event.target as Element | null)?.closest?.('a[href]') as HTMLAnchorElement | null
    if (link === null || event.defaultPrevented) return
    const leaves = link.href.replace(/#.*/, '') !== location.href.replace(/#.*/, '')
    if (link.target !== '_blank' && !leaves) return
    event.preventDefault()
    post({ type: link.target === '_blank' ? 'open' : 'navigate', url: link.href })
  })

  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- Electron evaluates the preload's text just so
  const preload = new Function('require', 'module', 'exports', 'process', `${preloadSource}\n//# sourceURL=preload.cjs`) as Listener
  preload(require, { exports: {} }, {}, process)
}
