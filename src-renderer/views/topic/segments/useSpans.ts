import { shallowReactive } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { ReplicaFiles, SegmentSpan } from '../../../../src-main/contract/segments.ts'
import { useBridge } from '../../../composables/useBridge.ts'

/** Offsets and times of the segments that are on screen: what is only known by opening each. */
export function useSpans(of: () => { readonly topic: string; readonly partition: number; readonly replica: ReplicaFiles | null }) {
  const bridge = useBridge()
  const spans = shallowReactive(new Map<string, SegmentSpan>())
  const asked = new Set<string>()

  /** One whose size has changed has other offsets. */
  const keyOf = (replica: ReplicaFiles, baseOffset: number) => {
    const { topic, partition } = of()
    const log = replica.files.find(({ kind, offset, suffix }) => kind === 'log' && suffix === '' && offset === baseOffset)
    return log === undefined ? null : `${topic} ${partition} ${replica.brokerId} ${baseOffset} ${log.sizeBytes}`
  }
  async function need(baseOffsets: readonly number[]) {
    const { topic, partition, replica } = of()
    if (replica === null) return
    const wanted = baseOffsets
      .flatMap(baseOffset => {
        const key = keyOf(replica, baseOffset)
        return key === null || asked.has(key) ? [] : [{ baseOffset, key }]
      })
      .slice(0, 200)
    if (wanted.length === 0) return
    for (const { key } of wanted) asked.add(key)
    const { brokerId } = replica
    try {
      const found = await bridge.segments.spans({
        clusterId: LOCAL_CLUSTER,
        topic,
        partition,
        brokerId,
        baseOffsets: wanted.map(each => each.baseOffset),
      })
      for (const [index, span] of found.entries()) spans.set(wanted[index]?.key ?? '', span)
    } catch {
      // The list of files, which is asked for again and again, says what is wrong with the folder.
      for (const { key } of wanted) asked.delete(key)
    }
  }
  const spanOf = (baseOffset: number): SegmentSpan | undefined => {
    const { replica } = of()
    const key = replica && keyOf(replica, baseOffset)
    return key === null ? undefined : spans.get(key)
  }
  return { need, spanOf }
}
