import { computed, shallowRef, watch } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { OffsetRange } from '../../../../src-main/contract/messages.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { hullOf, offsetAxis, timeAxis, timeEdges, type ScanAxis } from './scanAxis.ts'

/** Records looked at on either end of a partition for their times: the very first may be compacted away, or a marker. */
const END_OFFSETS = 8
/** More partitions than this, and asking for times would cost the brokers more than the picture is worth. */
const MOST_PARTITIONS = 60
/** Questions for offsets that are under way at once. */
const AT_ONCE = 4

/** The axis of a search: by offsets at once, by time as soon as the brokers have said which offsets a time has. */
export function useScanAxis(topic: () => string, bounds: () => readonly OffsetRange[]) {
  const bridge = useBridge()
  const byTime = shallowRef<{ axis: ScanAxis; stepMs: number } | null>(null)
  const hull = computed(() => hullOf(bounds()))
  const key = computed(() => JSON.stringify([topic(), hull.value]))

  async function ask(isStale: () => boolean) {
    const ranges = hull.value.flatMap(({ partition, from, to }) => [
      { partition, from, to: Math.min(to, from + END_OFFSETS) },
      { partition, from: Math.max(from, to - END_OFFSETS), to },
    ])
    const rows = await bridge.messages.read({ clusterId: LOCAL_CLUSTER, topic: topic(), ranges })
    const times = rows.map(row => row.timestampMs).filter(ms => ms > 0)
    const [first, last] = [Math.min(...times), Math.max(...times)]
    if (times.length === 0 || first === last) return
    const { stepMs, timesMs } = timeEdges(first, last)
    const found: ReadonlyMap<number, number>[] = []
    for (let at = 0; at < timesMs.length; at += AT_ONCE) {
      if (isStale()) return
      const some = await Promise.all(
        timesMs
          .slice(at, at + AT_ONCE)
          .map(timestampMs => bridge.messages.offsetsAt({ clusterId: LOCAL_CLUSTER, topic: topic(), timestampMs })),
      )
      found.push(...some.map(offsets => new Map(offsets.map(each => [each.partition, each.offset]))))
    }
    if (!isStale()) byTime.value = { axis: timeAxis(hull.value, timesMs, found), stepMs }
  }

  watch(
    key,
    (_now, _before, onCleanup) => {
      let isStale = false
      onCleanup(() => (isStale = true))
      byTime.value = null
      if (hull.value.length === 0 || hull.value.length > MOST_PARTITIONS) return
      // Without times the picture is by offsets; why they cannot be told, the search itself says.
      ask(() => isStale).catch(() => (byTime.value = null))
    },
    { immediate: true },
  )
  return {
    axis: computed(() => byTime.value?.axis ?? offsetAxis(hull.value)),
    stepMs: computed(() => byTime.value?.stepMs ?? null),
  }
}
