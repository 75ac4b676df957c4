import { shallowRef, watch } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { BatchRow, ReplicaFiles } from '../../../../src-main/contract/segments.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { logWithOffset } from './fileRows.ts'
import type { BytesOfFile } from './useFileBytes.ts'

/** The batch that another replica has at an offset, and where its bytes lie. */
export interface OtherBatch extends BytesOfFile {
  readonly row: BatchRow
}

/** Finds what another replica has at the same offset: `null` while nobody asks, `undefined` where it has nothing. */
export function useBeside(
  of: () => { readonly topic: string; readonly partition: number; readonly offset: number | null; readonly replica: ReplicaFiles | null },
) {
  const bridge = useBridge()
  const other = shallowRef<OtherBatch | null | undefined>(null)
  watch(
    () => {
      const { replica, ...rest } = of()
      return JSON.stringify({ ...rest, broker: replica?.brokerId })
    },
    async asked => {
      const { topic, partition, offset, replica } = of()
      other.value = null
      if (offset === null || replica === null) return
      const log = logWithOffset(replica, offset)
      const found = log && (await batchIn(topic, partition, { brokerId: replica.brokerId, file: log.name, offset }))
      const { replica: now, ...rest } = of()
      if (asked === JSON.stringify({ ...rest, broker: now?.brokerId })) other.value = found
    },
    { immediate: true },
  )

  /** A file that is gone meanwhile has nothing at that offset either. */
  async function batchIn(topic: string, partition: number, { brokerId, file, offset }: { brokerId: number; file: string; offset: number }) {
    try {
      const page = await bridge.segments.batches({
        clusterId: LOCAL_CLUSTER,
        topic,
        partition,
        brokerId,
        file,
        place: { offset },
        before: 0,
        after: 0,
      })
      const row = page.at === null ? undefined : page.rows[page.at]
      if (row?.kind !== 'batch' || row.baseOffset > offset) return undefined
      return { topic, partition, brokerId, file, position: row.position, sizeBytes: row.sizeBytes, row }
    } catch {
      return undefined
    }
  }
  return other
}
