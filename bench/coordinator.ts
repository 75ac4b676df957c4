import { FindCoordinator } from '../src-main/protocol/messages/findCoordinator.ts'
import { sleep } from './brokers.ts'
import type { MeasuredCluster } from './cluster.ts'
import { connectTo } from './wire.ts'

const LOOK_EVERY_MS = 50
const PATIENCE_MS = 60_000

/** The broker that looks after a group; resolves when it does, for its partition may have to be made first. */
export async function coordinatorOf(cluster: MeasuredCluster, groupId: string): Promise<number> {
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; await sleep(LOOK_EVERY_MS)) {
    const connection = await connectTo(cluster, cluster.brokerIds[0]!)
    const { coordinators } = await connection.send(FindCoordinator, { keyType: 0, coordinatorKeys: [groupId] })
    connection.close()
    const found = coordinators[0]
    if (found?.errorCode === 0) return found.nodeId
  }
  throw new Error('the group has no coordinator')
}
