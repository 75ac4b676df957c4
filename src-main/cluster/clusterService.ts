import { latestOf, queueOf } from '../base/asyncQueues.ts'
import type { BrokerLogLine, ClusterEvent, cluster } from '../contract/cluster.ts'
import { type KnownSnapshot, updateTo } from '../contract/clusterUpdates.ts'
import type { Served } from '../contract/operations.ts'
import type { LocalCluster } from './localCluster.ts'

/** Items that may wait for a slow watcher; what does not fit is dropped, oldest first, because the newest is what a screen wants. */
const WAITING_ITEMS = 2_000

/** The local cluster behind the bridge. `shutdown` is asked of the host, which owns more than the brokers. */
export function clusterService(local: LocalCluster, shutdown: (options: { deleteData: boolean }) => Promise<void>): Served<typeof cluster> {
  return {
    async *watch(_input, signal) {
      const changes = latestOf<true>(signal)
      const stop = local.onChange(() => changes.offer(true))
      try {
        let told: KnownSnapshot | undefined
        const next = () => {
          const snapshot = local.snapshot()
          const update = updateTo(snapshot, told)
          told = { sequence: update.sequence, snapshot }
          return update
        }
        yield next()
        for await (const _ of changes) yield next()
      } finally {
        stop()
      }
    },
    async *events(_input, signal) {
      const arriving = queueOf<ClusterEvent>(signal, WAITING_ITEMS)
      const stop = local.onEvent(event => arriving.offer(event))
      try {
        yield* local.view.events.slice()
        yield* arriving
      } finally {
        stop()
      }
    },
    async *logs({ brokerId, lines }, signal) {
      const arriving = queueOf<BrokerLogLine>(signal, WAITING_ITEMS)
      const stop = local.onLine(line => {
        if (brokerId === null || line.brokerId === brokerId) arriving.offer(line)
      })
      try {
        yield* local.recentLines(brokerId, lines)
        yield* arriving
      } finally {
        stop()
      }
    },
    async *requests({ brokerId }, signal) {
      const changes = latestOf<true>(signal)
      const stop = local.onChange(() => changes.offer(true))
      try {
        let told = local.requestRates(brokerId)
        yield told
        for await (const _ of changes) {
          const next = local.requestRates(brokerId)
          if (next.atMs !== told.atMs) yield (told = next)
        }
      } finally {
        stop()
      }
    },
    snapshot: async () => local.snapshot(),
    profile: async () => local.profileValues(),
    stop: ({ brokerId }) => local.stop(brokerId),
    kill: ({ brokerId }) => local.kill(brokerId),
    pause: ({ brokerId }) => local.pause(brokerId),
    resume: ({ brokerId }) => local.resume(brokerId),
    start: ({ brokerId }) => local.start(brokerId),
    restart: ({ brokerId }) => local.restart(brokerId),
    wipe: ({ brokerId }) => local.wipe(brokerId),
    link: link => local.link(link),
    healLinks: () => local.healLinks(),
    shutdown,
  }
}
