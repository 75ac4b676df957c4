import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Channel } from '../../contract/channel.ts'
import { startWebHost, type WebHost } from './webHost.ts'

let folder: string
let host: WebHost
let channels: Channel[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trilog-web-'))
  await mkdir(join(folder, 'app', 'assets'), { recursive: true })
  await writeFile(join(folder, 'secret.txt'), 'not for the web')
  await writeFile(join(folder, 'app', 'index.html'), '<!doctype html><title>Trilog</title>')
  await writeFile(join(folder, 'app', 'assets', 'main.js'), 'export {}')
  channels = []
  host = await startWebHost({ port: 0, files: join(folder, 'app'), connected: channel => channels.push(channel) })
})

afterEach(async () => {
  await host.close()
  await rm(folder, { recursive: true, force: true })
})

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** A request as it is, without a browser's or fetch's good manners. */
function ask(path: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { host: `127.0.0.1:${host.port}`, ...options.headers }
    const sent = request(
      { host: '127.0.0.1', port: host.port, path, method: options.method ?? 'GET', headers, setHost: false },
      response => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }),
        )
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

const withKey = () => ({ authorization: `Bearer ${host.token}` })

/** Whether a WebSocket opens, and with what status it is refused otherwise. */
function knock(headers: Record<string, string>, path = '/bridge'): Promise<'open' | number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}${path}`, { headers })
    socket.on('open', () => {
      socket.close()
      resolve('open')
    })
    socket.on('unexpected-response', (_, response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    socket.on('error', reject)
  })
}

describe('the browser face', () => {
  it('exchanges the key in its address for a cookie that scripts and other sites cannot use', async () => {
    const { status, headers } = await ask(new URL(host.url).pathname + new URL(host.url).search)
    expect([status, headers.location]).toEqual([303, '/'])
    const cookie = String(headers['set-cookie'])
    expect(cookie).toContain('HttpOnly')
    expect(cookie).toContain('SameSite=Strict')
    const page = await ask('/', { headers: { cookie: cookie.split(';')[0] ?? '' } })
    expect([page.status, page.body]).toEqual([200, '<!doctype html><title>Trilog</title>'])
  })

  it('shows nothing without the key, or with another', async () => {
    expect((await ask('/')).status).toBe(403)
    expect((await ask('/assets/main.js')).status).toBe(403)
    expect((await ask('/?token=guessed')).status).toBe(403)
    expect((await ask('/', { headers: { authorization: 'Bearer guessed' } })).status).toBe(403)
  })

  it('does not answer to a name that only points here, as a rebound domain does', async () => {
    expect((await ask('/', { headers: { ...withKey(), host: 'evil.example' } })).status).toBe(421)
    expect((await ask('/', { headers: { ...withKey(), host: `evil.example:${host.port}` } })).status).toBe(421)
    expect(await knock({ ...withKey(), host: `evil.example:${host.port}` })).toBe(403)
  })

  it('lets no page of another site open the bridge, even with the cookie', async () => {
    expect(await knock({ ...withKey(), origin: 'http://evil.example' })).toBe(403)
    expect(await knock({ ...withKey(), origin: `http://127.0.0.1:${host.port + 1}` })).toBe(403)
    expect(await knock({ ...withKey(), origin: `http://127.0.0.1:${host.port}` })).toBe('open')
    expect(await knock(withKey())).toBe('open')
    expect(await knock({})).toBe(403)
    expect(await knock(withKey(), '/elsewhere')).toBe(403)
  })

  it.each(['/../secret.txt', '/..%2fsecret.txt', '/%2e%2e/secret.txt', '/assets/../../secret.txt', '/..\\secret.txt', '/%00', '/%zz'])(
    'serves nothing outside its folder: %s',
    async path => {
      const { status, body } = await ask(path, { headers: withKey() })
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
      expect(body).not.toContain('not for the web')
    },
  )

  it('tells the browser to run nothing but the app', async () => {
    const { headers } = await ask('/', { headers: withKey() })
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(headers['content-security-policy']).not.toContain('unsafe-eval')
    expect(headers['x-content-type-options']).toBe('nosniff')
  })

  it('reads only', async () => {
    expect((await ask('/', { method: 'POST', headers: withKey() })).status).toBe(405)
  })

  it('closes a socket that does not speak the bridge', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}/bridge`, { headers: withKey() })
    await new Promise(resolve => socket.once('open', resolve))
    for (const channel of channels) channel.onFrame(() => undefined)
    const closed = new Promise(resolve => socket.once('close', resolve))
    socket.send('hello')
    await closed
  })
})
