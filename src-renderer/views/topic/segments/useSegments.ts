import { computed, ref, shallowRef, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { BridgeError } from '../../../../src-main/contract/channel.ts'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { ReplicaFiles } from '../../../../src-main/contract/segments.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { usePolling } from '../../../composables/usePolling.ts'
import { logWithOffset, newestLog } from './fileRows.ts'
import { linkOf, queryOfLink, type SegmentLink } from './segmentLink.ts'

const EVERY_MS = 2_000

/** Which file of which replica is on screen, and how one gets from one to another. The link in the address says the same. */
export function useSegments(topic: () => string) {
  const bridge = useBridge()
  const route = useRoute()
  const router = useRouter()
  const first = linkOf(route.query)
  const partition = ref(first.partition)
  const wantedBroker = ref(first.brokerId)
  const wantedFile = ref(first.file)
  /** An offset that is to be shown as soon as the files are known. */
  const wantedOffset = ref(first.offset)
  const replicas = shallowRef<readonly ReplicaFiles[] | null>(null)

  const { failure, again } = usePolling(
    async () => {
      const of = { topic: topic(), partition: partition.value }
      const found = await bridge.segments.replicas({ clusterId: LOCAL_CLUSTER, ...of })
      if (of.topic === topic() && of.partition === partition.value) replicas.value = found
    },
    EVERY_MS,
    () => `${topic()} ${partition.value}`,
  )
  watch([topic, partition], () => {
    replicas.value = null
    wantedFile.value = null
  })

  const there = computed(() => (replicas.value ?? []).filter(each => each.folder !== null))
  /** The one that was asked for where it has files, else the leader, else the first that has some. */
  const replica = computed(
    () =>
      replicas.value?.find(each => each.brokerId === wantedBroker.value) ??
      there.value.find(({ isLeader, files }) => isLeader && files.length > 0) ??
      there.value.find(({ files }) => files.length > 0) ??
      there.value[0] ??
      null,
  )
  const file = computed(
    () => replica.value?.files.find(({ name }) => name === wantedFile.value) ?? (replica.value && newestLog(replica.value)) ?? null,
  )
  /** The one that was chosen, once it is not there any more. */
  const goneFile = computed(() =>
    wantedFile.value !== null && replica.value !== null && replica.value.files.every(({ name }) => name !== wantedFile.value)
      ? wantedFile.value
      : null,
  )
  const isForeign = computed(() => failure.value instanceof BridgeError && failure.value.code === 'FILES_NOT_HERE')

  function chooseFile(name: string, brokerId: number | null = wantedBroker.value) {
    wantedBroker.value = brokerId
    wantedFile.value = name
  }
  /** The same file of another replica, where that has one of this name. */
  function chooseBroker(brokerId: number) {
    wantedBroker.value = brokerId
    if (replica.value?.files.every(({ name }) => name !== wantedFile.value) === true) wantedFile.value = null
  }
  /** Chooses the file with an offset; false where the replica has none. */
  function fileWith(offset: number, brokerId: number | null = wantedBroker.value): boolean {
    wantedBroker.value = brokerId
    const found = replica.value === null ? undefined : logWithOffset(replica.value, offset)
    if (found !== undefined) wantedFile.value = found.name
    return found !== undefined
  }

  let written = ''
  /** Puts what is on screen into the address. */
  function tell(offset: number | null) {
    const link: SegmentLink = {
      partition: partition.value,
      brokerId: replica.value?.brokerId ?? null,
      file: file.value?.name ?? null,
      offset,
    }
    const query = queryOfLink(link)
    written = JSON.stringify(linkOf(query as Record<string, string>))
    if (route.name === 'segments' && written !== JSON.stringify(linkOf(route.query))) void router.replace({ query })
  }
  watch(
    () => JSON.stringify(linkOf(route.query)),
    now => {
      if (route.name !== 'segments' || now === written) return
      const link = linkOf(route.query)
      partition.value = link.partition
      wantedBroker.value = link.brokerId
      wantedFile.value = link.file
      wantedOffset.value = link.offset
    },
  )
  return {
    partition,
    wantedBroker,
    wantedOffset,
    replicas,
    there,
    replica,
    file,
    goneFile,
    failure,
    again,
    isForeign,
    chooseBroker,
    chooseFile,
    fileWith,
    tell,
  }
}
