import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { KnownCluster } from '../../src-main/contract/app.ts'
import { LOCAL_CLUSTER } from '../../src-main/contract/common.ts'
import { useBridge } from '../composables/useBridge.ts'

export const useAppStore = defineStore('app', () => {
  const bridge = useBridge()
  const version = ref('')
  const host = ref<'desktop' | 'web'>('web')
  const clusters = shallowRef<readonly KnownCluster[]>([])
  /** The host ended, or its connection did: nothing on screen is alive any more. */
  const isHostGone = ref(false)
  const cluster = computed(() => clusters.value.find(each => each.clusterId === LOCAL_CLUSTER))

  async function load() {
    const info = await bridge.app.info({})
    version.value = info.version
    host.value = info.host
    clusters.value = info.clusters
  }
  return { version, host, clusters, cluster, isHostGone, load }
})
