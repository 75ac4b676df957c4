import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdir, mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeRegistry } from '../../admin/schemas/fakeRegistry.ts'
import { RegistryClient } from '../../admin/schemas/registryClient.ts'
import { namesOf } from '../../admin/schemas/schemaFiles.ts'
import { fetchRegistry } from './fetchRegistry.ts'
import { nodeSchemaFiles } from './nodeSchemaFiles.ts'
import { SchemaSettingsFile } from './schemaSettingsFile.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trilog-schemas-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('the way to a registry', () => {
  let server: Server
  let url: string
  let answer: (
    path: string,
    authorization: string | undefined,
  ) => { status: number; body: string; headers?: Record<string, string> } | undefined
  beforeEach(async () => {
    server = createServer((request, response) => {
      const { status, body, headers } = answer(request.url ?? '', request.headers.authorization) ?? {}
      if (status !== undefined) response.writeHead(status, headers).end(body)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => {
    server.closeAllConnections()
    return new Promise(resolve => server.close(resolve))
  })
  const get = (path: string, timeoutMs = 5_000) => fetchRegistry.get(url + path, { authorization: 'Bearer x', timeoutMs, maxBytes: 1_000 })

  it('carries questions, answers and who asks', async () => {
    const registry = new FakeRegistry([{ id: 1, subject: 'a/b-value', version: 1, schema: '"long"' }])
    registry.authorization = 'Bearer x'
    answer = (path, authorization) => {
      const { status, json } = registry.answer(path, authorization ?? null)
      return { status, body: JSON.stringify(json) }
    }
    const client = new RegistryClient({ elapsed: () => 0 }, fetchRegistry, { url, authorization: 'Bearer x' })
    expect(await client.subjects()).toEqual(['a/b-value'])
    expect(await client.latest('a/b-value')).toMatchObject({ id: 1, source: { text: '"long"' } })
    expect(await client.schema({ id: 1 })).toMatchObject({ places: [{ subject: 'a/b-value', version: 1 }] })
  })

  it('does not follow where it is sent', async () => {
    answer = path => (path === '/from' ? { status: 302, body: '', headers: { location: '/to' } } : { status: 200, body: 'stolen' })
    expect(await get('/from')).toEqual({ status: 302, body: '' })
  })

  it('ends when nothing comes, too much comes, or nobody is there', async () => {
    answer = path => (path === '/large' ? { status: 200, body: 'x'.repeat(2_000) } : undefined)
    await expect(get('/large')).rejects.toThrow('answers with more than')
    await expect(get('/silent', 100)).rejects.toThrow('did not answer within 0.1 s')
    await expect(fetchRegistry.get('http://127.0.0.1:1/', { authorization: null, timeoutMs: 5_000, maxBytes: 10 })).rejects.toThrow(
      '127.0.0.1:1 cannot be reached: ',
    )
  })
})

describe('schemas on this machine', () => {
  it('are the chosen file, with those it may import', async () => {
    await mkdir(join(folder, 'common'))
    await writeFile(join(folder, 'order.proto'), 'syntax = "proto3"; import "common/money.proto"; message Order { Money sum = 1; }')
    await writeFile(join(folder, 'common', 'money.proto'), 'syntax = "proto3"; message Money { int64 cents = 1; }')
    await writeFile(join(folder, 'other.avsc'), '"string"')
    const found = await nodeSchemaFiles.read(join(folder, 'order.proto'), undefined)
    expect(found).toMatchObject({ chosen: 'order.proto', files: [{ name: 'order.proto' }, { name: 'common/money.proto' }] })
    expect(namesOf(found!)).toEqual(['Order'])
    expect(namesOf((await nodeSchemaFiles.read(folder, undefined))!)).toEqual(['Money', 'Order', 'string'])
  })

  it('are read again when one of them has changed', async () => {
    const path = join(folder, 'a.avsc')
    await writeFile(path, '"string"')
    const { stamp } = (await nodeSchemaFiles.read(path, undefined))!
    expect(await nodeSchemaFiles.read(path, stamp)).toBeUndefined()
    await writeFile(path, '"double"')
    await utimes(path, 1, 1)
    expect(await nodeSchemaFiles.read(path, stamp)).toMatchObject({ files: [{ text: '"double"' }] })
  })

  it('that are not there, or are no schemas, say so', async () => {
    await expect(nodeSchemaFiles.read(join(folder, 'none.avsc'), undefined)).rejects.toMatchObject({ code: 'noFile' })
    await writeFile(join(folder, 'secret.txt'), 'x')
    await expect(nodeSchemaFiles.read(join(folder, 'secret.txt'), undefined)).rejects.toMatchObject({ code: 'noFile' })
  })
})

describe('what was chosen', () => {
  it('outlives the host, in a file for its owner only', async () => {
    const path = join(folder, 'schemas.json')
    const registry = { url: 'http://x', auth: 'basic', user: 'me', secret: 'hush' } as const
    const topics = { orders: { value: { kind: 'file', path: '/a.avsc', message: null } } } as const
    await new SchemaSettingsFile(path).write('local', { registry, topics })
    expect(new SchemaSettingsFile(path).read('local')).toEqual({ registry, topics })
    expect(new SchemaSettingsFile(path).read('other')).toEqual({ registry: null, topics: {} })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('is nothing when the file makes no sense', async () => {
    const path = join(folder, 'schemas.json')
    await writeFile(path, '{')
    expect(new SchemaSettingsFile(path).read('local')).toEqual({ registry: null, topics: {} })
  })
})
