import { join } from 'node:path'
import { LOCAL_CLUSTER } from '../../contract/common.ts'
import type { MetadataLogExtent, metadataLog } from '../../contract/metadataLog.ts'
import type { Served } from '../../contract/operations.ts'
import type { Clock, Disk, Timer } from '../../env/env.ts'
import type { LocalCluster } from '../localCluster.ts'
import { clusterThen } from './clusterThen.ts'
import { MetadataLogReader, type Reading } from './metadataLogReader.ts'
import { lastAtOrBefore, plain } from './timeline.ts'

const LOOK_EVERY_MS = 500
/** How long what was read stays in memory when nobody asks any more. */
const KEPT_MS = 30_000

/** The log is on the brokers' disks, and only the local cluster's are here. */
export class MetadataLogElsewhere extends Error {
  readonly code = 'METADATA_LOG_ELSEWHERE'
}

/** There is nothing to read: no broker has a disk yet, or all were wiped. */
export class NoMetadataLog extends Error {
  readonly code = 'NO_METADATA_LOG'
}

export function metadataLogService(
  { clock, disk }: { readonly clock: Clock; readonly disk: Disk },
  local: Pick<LocalCluster, 'brokerIds' | 'folder' | 'view'>,
): Served<typeof metadataLog> {
  const reader = new MetadataLogReader(disk, () => ({
    places: local.brokerIds.map(brokerId => ({
      brokerId,
      directory: join(local.folder.brokerDirectory(brokerId), '__cluster_metadata-0'),
    })),
    leaderId: local.view.controllerId,
  }))
  let unused: Timer | undefined
  const read = async (clusterId: string): Promise<Reading> => {
    if (clusterId !== LOCAL_CLUSTER) throw new MetadataLogElsewhere('The metadata log of this cluster is on disks of other machines.')
    unused?.cancel()
    unused = clock.after(KEPT_MS, () => reader.forget())
    const reading = await reader.refresh()
    if (reading === undefined) throw new NoMetadataLog('No broker has a metadata log on its disk.')
    return reading
  }

  return {
    async *watch({ clusterId }, signal) {
      let told = ''
      while (!signal.aborted) {
        const reading = await read(clusterId)
        const state = `${reading.generation} ${reading.timeline.lastOffset} ${reading.problem}`
        if (state !== told) yield extentOf(reading)
        told = state
        await pause(clock, LOOK_EVERY_MS, signal)
      }
    },
    async entries({ clusterId, filter, from, count }) {
      const { generation, timeline } = await read(clusterId)
      const matching = timeline.matching(filter)
      return { generation, total: matching.length, entries: matching.slice(from, from + count).map(plain) }
    },
    async indexOf({ clusterId, filter, offset }) {
      const index = lastAtOrBefore((await read(clusterId)).timeline.matching(filter), offset)
      return index < 0 ? null : index
    },
    async stateAt({ clusterId, offset, topic }) {
      return clusterThen((await read(clusterId)).timeline.stateAt(offset), topic)
    },
  }
}

function extentOf({ generation, brokerId, timeline, problem }: Reading): MetadataLogExtent {
  return { generation, brokerId, ...timeline.extent(), problem: problem ?? timeline.contradiction }
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const finish = () => {
      timer.cancel()
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = clock.after(ms, finish)
    signal.addEventListener('abort', finish)
  })
}
