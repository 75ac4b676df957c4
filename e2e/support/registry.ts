import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FakeRegistry, type FakeSchema } from '../../src-main/admin/schemas/fakeRegistry.ts'

export interface RunningRegistry {
  readonly url: string
  /** Paths of all questions so far. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

/** A schema registry that answers over HTTP, as Confluent's does. */
export async function startRegistry(schemas: readonly FakeSchema[]): Promise<RunningRegistry> {
  const registry = new FakeRegistry(schemas)
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    registry.asked.push(path)
    const { status, json } = registry.answer(path, request.headers.authorization ?? null)
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' }).end(JSON.stringify(json))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: registry.asked,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}
