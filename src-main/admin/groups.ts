import { queueOf } from '../base/asyncQueues.ts'
import type { GroupDetail, groups, GroupSummary } from '../contract/groups.ts'
import type { LagAlarm } from '../contract/lagHistory.ts'
import type { Served } from '../contract/operations.ts'
import { deleteGroup, deleteOffsets, offersOf, removeMember } from './groupChanges.ts'
import { lookAtGroup } from './groupLooks.ts'
import type { GroupMonitor, MonitoredGroup } from './groupMonitor.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { RATE_WINDOW_MS } from './lagStatus.ts'
import { planReset, reset } from './resets.ts'
import { sleep } from './waiting.ts'

/** Alarms that may wait for a slow page. */
const WAITING_ALARMS = 1_000

/** What a person does with consumer groups, on any cluster. */
export function groupServices(
  clientOf: (clusterId: string) => KafkaClient,
  monitorOf: (clusterId: string) => GroupMonitor,
): Served<typeof groups> {
  const describe = (clusterId: string, groupId: string) => described(clientOf(clusterId), monitorOf(clusterId), groupId)
  return {
    list: async ({ clusterId }) => {
      const monitor = monitorOf(clusterId)
      const groups = await monitor.lookAtAll()
      monitor.begin()
      return groups.map(summary)
    },
    describe: async ({ clusterId, groupId }) => describe(clusterId, groupId),
    watch: async function* ({ clusterId, groupId, everyMs }, signal) {
      const { clock, closed } = clientOf(clusterId)
      const stopped = AbortSignal.any([signal, closed])
      while (!stopped.aborted) {
        const began = clock.elapsed()
        yield await describe(clusterId, groupId)
        await sleep(clock, Math.max(0, began + everyMs - clock.elapsed()), stopped)
      }
    },
    delete: async ({ clusterId, groupId }) => deleteGroup(clientOf(clusterId), groupId),
    deleteOffsets: async ({ clusterId, groupId, topic, partitions }) => {
      const client = clientOf(clusterId)
      const all = async () =>
        (await lookAtGroup(client, groupId)).partitions.filter(each => each.topic === topic).map(each => each.partition)
      await deleteOffsets(client, groupId, { topic, partitions: partitions ?? (await all()) })
    },
    removeMember: async ({ clusterId, groupId, reason, ...member }) => removeMember(clientOf(clusterId), groupId, member, reason),
    planReset: async ({ clusterId, ...wanted }) => planReset(clientOf(clusterId), wanted),
    reset: async ({ clusterId, groupId, offsets }) => reset(clientOf(clusterId), groupId, offsets),
    history: async ({ clusterId, groupId, ...wanted }) =>
      monitorOf(clusterId).watch.notes.history(groupId, clientOf(clusterId).clock.now(), wanted),
    alerts: async ({ clusterId }) => monitorOf(clusterId).watch.alerts.all,
    setAlert: async ({ clusterId, groupId, alert }) => monitorOf(clusterId).watch.alerts.set(groupId, alert),
    alarms: async function* ({ clusterId }, signal) {
      const { alerts } = monitorOf(clusterId).watch
      const arriving = queueOf<LagAlarm>(signal, WAITING_ALARMS)
      const stop = alerts.onAlarm(alarm => arriving.offer(alarm))
      try {
        yield* alerts.raised
        yield* arriving
      } finally {
        stop()
      }
    },
  }
}

function summary({ groupId, state, protocolType, members, coordinator, topics, lag }: MonitoredGroup): GroupSummary {
  return {
    groupId,
    state,
    protocolType,
    members: members?.length ?? null,
    coordinator,
    topics: [...topics],
    totalLag: lag.totalLag,
    lagMs: lag.lagMs,
    status: lag.status,
  }
}

async function described(client: KafkaClient, monitor: GroupMonitor, groupId: string): Promise<GroupDetail> {
  const look = await lookAtGroup(client, groupId)
  const [[lag], offers] = await Promise.all([monitor.watch.take(client, [look]), offersOf(client, look.coordinator, look.isClassic)])
  return {
    groupId,
    state: look.state,
    protocolType: look.protocolType,
    assignor: look.assignor,
    coordinator: look.coordinator,
    members: [...look.members],
    ...lag!,
    rateSpanMs: RATE_WINDOW_MS,
    offers,
    atMs: look.atMs,
  }
}
