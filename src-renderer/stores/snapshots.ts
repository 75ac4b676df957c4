import type { ClusterSnapshot, ClusterUpdate } from '../../src-main/contract/cluster.ts'
import { afterUpdate, type KnownSnapshot } from '../../src-main/contract/clusterUpdates.ts'

/**
 * Each snapshot whole, from a stream of what differs. After an update that does not follow the last one the stream is opened again, for a new stream
 * begins with all there is; one that does not even do that fails.
 */
export async function* snapshotsOf(
  open: () => AsyncIterable<ClusterUpdate>,
  signal: AbortSignal,
): AsyncGenerator<ClusterSnapshot, void, undefined> {
  for (let isWhole = true; isWhole && !signal.aborted;) {
    let known: KnownSnapshot | undefined
    isWhole = false
    for await (const update of open()) {
      const next = afterUpdate(known, update)
      if (next === undefined && known === undefined) throw new Error('The cluster told of a difference to something that it had not told.')
      known = next
      isWhole = known === undefined
      if (known === undefined) break
      yield known.snapshot
    }
  }
}
