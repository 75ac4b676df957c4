import { expect, it } from 'vitest'
import { z } from 'zod'
import { call, stream } from '../contract/operations.ts'
import { guarded } from './guarded.ts'

// Subjects and operations that exist, so that it is known which of them change something.
const contract = {
  topics: { list: call(z.any(), z.any()), delete: call(z.any(), z.any()), clone: stream(z.any(), z.any()) },
  cluster: { kill: call(z.any(), z.any()), shutdown: call(z.any(), z.any()) },
  app: { setReadOnly: call(z.any(), z.any()) },
}

function given() {
  const asked: string[] = []
  const readOnly = new Set(['local'])
  const does = (name: string) => async () => void asked.push(name)
  async function* cloning() {
    asked.push('clone')
    yield 1
  }
  const services = {
    topics: { list: does('list'), delete: does('delete'), clone: cloning },
    cluster: { kill: does('kill'), shutdown: does('shutdown') },
    app: { setReadOnly: async () => void readOnly.clear() },
  }
  return { asked, served: guarded(contract, services, id => readOnly.has(id)) }
}
const refused = { code: 'READ_ONLY', message: expect.stringContaining('local') }
const { signal } = new AbortController()

it('looks at a read-only cluster, and refuses to change anything there', async () => {
  const { asked, served } = given()
  await served.topics.list({ clusterId: 'local' })
  await expect(served.topics.delete({ clusterId: 'local', topic: 'a' })).rejects.toMatchObject(refused)
  await expect(served.topics.clone({ clusterId: 'local', topic: 'a' }, signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject(
    refused,
  )
  await expect(served.cluster.kill({ brokerId: 1 })).rejects.toMatchObject(refused)
  expect(asked).toEqual(['list'])
})

it('changes any other one, to which records of this one may go', async () => {
  const { asked, served } = given()
  await served.topics.delete({ clusterId: 'other', topic: 'a' })
  await served.topics.delete({ clusterId: 'local', toCluster: 'other' })
  await expect(served.topics.delete({ clusterId: 'other', toCluster: 'local' })).rejects.toMatchObject(refused)
  expect(asked).toEqual(['delete', 'delete'])
})

it('can be ended, but its data not be deleted', async () => {
  const { asked, served } = given()
  await expect(served.cluster.shutdown({ deleteData: true })).rejects.toMatchObject(refused)
  await served.cluster.shutdown({ deleteData: false })
  expect(asked).toEqual(['shutdown'])
})

it('is as any other once the mode is left', async () => {
  const { asked, served } = given()
  await served.app.setReadOnly({ clusterId: 'local', isReadOnly: false })
  await served.topics.delete({ clusterId: 'local', topic: 'a' })
  expect(asked).toEqual(['delete'])
})
