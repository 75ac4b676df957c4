import { describe, expect, it } from 'vitest'
import { aBridge } from '../composables/aBridge.ts'
import { guarded } from './readOnlyBridge.ts'

async function* twice() {
  yield 1
  yield 2
}

/** A plain object, as the asker makes it. */
const given = () => {
  const asked: string[] = []
  const { topics } = aBridge({
    topics: {
      list: async () => {
        asked.push('list')
        return []
      },
      delete: async () => void asked.push('delete'),
      clone: () => twice() as never,
    },
  })
  const { list, delete: remove, clone } = topics
  return { asked, bridge: { topics: { list, delete: remove, clone } } as never }
}

describe('a bridge in read-only mode', () => {
  it('looks, and refuses to change anything', async () => {
    const { asked, bridge } = given()
    const { topics } = guarded(bridge, () => true)
    await topics.list({ clusterId: 'local' })
    await expect(topics.delete({ clusterId: 'local', topic: 'a' })).rejects.toMatchObject({ code: 'READ_ONLY' })
    const cloning = topics.clone({ clusterId: 'local', topic: 'a', name: 'b', withRecords: true }, new AbortController().signal)
    await expect(cloning[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'READ_ONLY' })
    expect(asked).toEqual(['list'])
  })

  it('is as any other once the mode is left', async () => {
    const { asked, bridge } = given()
    let isReadOnly = true
    const { topics } = guarded(bridge, () => isReadOnly)
    isReadOnly = false
    await topics.delete({ clusterId: 'local', topic: 'a' })
    expect(asked).toEqual(['delete'])
  })
})
