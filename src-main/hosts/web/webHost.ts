import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize, sep } from 'node:path'
import { WebSocketServer, type WebSocket } from 'ws'
import { webSocketChannel } from '../../bridge/webSocketChannel.ts'
import type { Channel } from '../../contract/channel.ts'
import type { Downloads } from './downloads.ts'

const HOST = '127.0.0.1'
const COOKIE = 'trilog'
/** A frame that asks to produce a record is the largest a page sends. */
const MAX_FRAME_BYTES = 32 * 1024 * 1024
/** What a slow page may have waiting before it is let go; it connects again and asks anew. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
}

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

export interface WebHost {
  /** With the token, to be opened once: it becomes a cookie and leaves the address bar. */
  readonly url: string
  readonly port: number
  readonly token: string
  close(): Promise<void>
}

export interface WebHostOptions {
  /** 0 takes a free one. */
  readonly port: number
  /** The built renderer; without it, only the bridge is served. */
  readonly files: string | undefined
  /** Files that a page may fetch while they are written. */
  readonly downloads?: Downloads
  /** Called with each page's channel. */
  readonly connected: (channel: Channel) => void
}

/**
 * The browser face: the built renderer and one WebSocket, on loopback only.
 * Whoever has the token may do everything, so it is random, it is exchanged for an HttpOnly, SameSite=Strict cookie, and `Host` and `Origin`
 * must be ours on every request: another site in the same browser has neither.
 */
export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const token = randomBytes(24).toString('base64url')
  const sockets = new Set<WebSocket>()
  const server = createServer((request, response) => {
    serveFile(request, response, { token, port: portOf(server), files: options.files, downloads: options.downloads }).catch(
      (error: unknown) => {
        if (response.headersSent) response.destroy()
        else response.writeHead(500, SECURITY_HEADERS).end(String(error))
      },
    )
  })
  const upgrader = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES })
  server.on('upgrade', (request, socket, head) => {
    const port = portOf(server)
    socket.on('error', () => socket.destroy()) // a stranger who hangs up while being refused
    if (
      !isOurs(request, port) ||
      !hasOurOrigin(request, port) ||
      request.url?.split('?')[0] !== '/bridge' ||
      !isAuthorized(request, token)
    ) {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n')
      return
    }
    upgrader.handleUpgrade(request, socket, head, webSocket => {
      sockets.add(webSocket)
      webSocket.on('close', () => sockets.delete(webSocket))
      webSocket.on('error', () => webSocket.terminate())
      options.connected(channelOf(webSocket))
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, HOST, resolve)
  })
  const port = portOf(server)
  return {
    url: `http://${HOST}:${port}/?token=${token}`,
    port,
    token,
    close: async () => {
      for (const socket of sockets) socket.terminate()
      server.closeAllConnections()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

function channelOf(webSocket: WebSocket): Channel {
  return webSocketChannel({
    send: text => {
      webSocket.send(text)
      if (webSocket.bufferedAmount > MAX_WAITING_BYTES) webSocket.terminate()
    },
    close: () => webSocket.close(),
    onText: listen =>
      webSocket.on('message', (data, isBinary) => (isBinary ? webSocket.close() : listen((data as Buffer).toString('utf8')))),
    onClose: listen => webSocket.on('close', listen),
  })
}

async function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  host: {
    readonly token: string
    readonly port: number
    readonly files: string | undefined
    readonly downloads: Downloads | undefined
  },
): Promise<void> {
  const refuse = (status: number, text: string) =>
    response.writeHead(status, { ...SECURITY_HEADERS, 'content-type': 'text/plain; charset=utf-8' }).end(text)
  if (!isOurs(request, host.port)) return void refuse(421, 'This address is not served here.')
  if (request.method !== 'GET' && request.method !== 'HEAD') return void refuse(405, 'Only GET.')
  const url = new URL(request.url ?? '/', `http://${HOST}`)
  const offered = url.searchParams.get('token')
  if (url.pathname === '/' && offered !== null) {
    if (!isSame(offered, host.token)) return void refuse(403, 'This link is from another run. Use the address that Trilog printed last.')
    response
      .writeHead(303, {
        ...SECURITY_HEADERS,
        location: '/',
        'set-cookie': `${COOKIE}-${host.port}=${host.token}; HttpOnly; SameSite=Strict; Path=/`,
      })
      .end()
    return
  }
  if (!isAuthorized(request, host.token)) return void refuse(403, 'Open the address that Trilog printed when it started: it holds the key.')
  if (request.method === 'GET' && host.downloads?.serve(url.pathname, response, SECURITY_HEADERS) === true) return
  const wanted = fileOf(url.pathname)
  if (wanted === undefined || host.files === undefined) return void refuse(404, 'Not here.')
  const path = join(host.files, wanted)
  if (!path.startsWith(host.files + sep)) return void refuse(404, 'Not here.')
  try {
    const body = await readFile(path)
    const type = TYPES[extname(path)] ?? 'application/octet-stream'
    const isHashed = wanted.startsWith(`${sep}assets${sep}`)
    response
      .writeHead(200, {
        ...SECURITY_HEADERS,
        'content-type': type,
        'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-store',
      })
      .end(request.method === 'HEAD' ? undefined : body)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' && (error as NodeJS.ErrnoException).code !== 'EISDIR') throw error
    refuse(404, 'Not here.')
  }
}

/** The path within the app's folder; `undefined` when it is none that a file could have. */
function fileOf(pathname: string): string | undefined {
  try {
    const decoded = decodeURIComponent(pathname === '/' ? '/index.html' : pathname)
    return decoded.includes('\0') ? undefined : normalize(decoded)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

function isAuthorized(request: IncomingMessage, token: string): boolean {
  const bearer = request.headers.authorization
  if (bearer !== undefined) return isSame(bearer, `Bearer ${token}`)
  const cookies = (request.headers.cookie ?? '').split(';').map(each => each.trim())
  return cookies.some(each => each.startsWith(`${COOKIE}-`) && isSame(each.slice(each.indexOf('=') + 1), token))
}

/** A name that somebody else's DNS points at loopback is not our host: this is what stops rebinding. */
function isOurs(request: IncomingMessage, port: number): boolean {
  const host = request.headers.host
  return host === `${HOST}:${port}` || host === `localhost:${port}`
}

/** A page of ours says where it is from; a program (the CLI) says nothing and has the token. */
function hasOurOrigin(request: IncomingMessage, port: number): boolean {
  const { origin } = request.headers
  return origin === undefined || origin === `http://${HOST}:${port}` || origin === `http://localhost:${port}`
}

function isSame(offered: string, expected: string): boolean {
  const a = Buffer.from(offered)
  const b = Buffer.from(expected)
  return a.length === b.length && timingSafeEqual(a, b)
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port
