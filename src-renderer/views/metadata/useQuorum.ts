import { shallowRef } from 'vue'
import { LOCAL_CLUSTER } from '../../../src-main/contract/common.ts'
import type { QuorumDetail } from '../../../src-main/contract/quorum.ts'
import { useBridge } from '../../composables/useBridge.ts'
import { usePolling } from '../../composables/usePolling.ts'

const EVERY_MS = 1_000

/** The quorum as it is now, second by second. */
export function useQuorum() {
  const bridge = useBridge()
  const detail = shallowRef<QuorumDetail | null>(null)
  const { failure } = usePolling(async () => {
    detail.value = await bridge.quorum.describe({ clusterId: LOCAL_CLUSTER })
  }, EVERY_MS)
  return { detail, failure }
}
