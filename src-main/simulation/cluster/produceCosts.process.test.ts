import { Session, type HeapProfiler } from 'node:inspector/promises'
import { expect, it } from 'vitest'
import { AWrittenTopic } from './aWrittenTopic.ts'

const BATCHES = 800

it('a batch of which three brokers have a copy takes little memory of its own', async () => {
  const topic = await AWrittenTopic.begin()
  const session = new Session()
  session.connect()
  await topic.write(100, 8)
  const options = { samplingInterval: 256, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true }
  await session.post('HeapProfiler.startSampling', options)
  await topic.write(BATCHES, 8)
  const { profile } = await session.post('HeapProfiler.stopSampling')
  session.disconnect()
  topic.cluster.close()
  const bytes = allocatedBy(profile.head, url => /\/src-main\/(?!simulation)/.test(url) && !url.includes('.test.ts'))
  // Of leader, followers and the client's connection together, and of the world what it calls; mostly before the compiler spares what it can.
  expect(bytes / BATCHES).toBeLessThan(50_000)
})

function allocatedBy(node: HeapProfiler.SamplingHeapProfileNode, isCounted: (url: string) => boolean): number {
  const own = isCounted(node.callFrame.url) ? node.selfSize : 0
  return node.children.reduce((sum, child) => sum + allocatedBy(child, isCounted), own)
}
