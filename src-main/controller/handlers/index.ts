import type { Handler } from '../../wire/handler.ts'
import { allocateProducerIds } from './allocateProducerIds.ts'
import { alterClientQuotas } from './alterClientQuotas.ts'
import { alterConfigs } from './alterConfigs.ts'
import { alterPartition } from './alterPartition.ts'
import { alterPartitionReassignments } from './alterPartitionReassignments.ts'
import { alterUserScramCredentials } from './alterUserScramCredentials.ts'
import { assignReplicasToDirs } from './assignReplicasToDirs.ts'
import { brokerHeartbeat } from './brokerHeartbeat.ts'
import { brokerRegistration } from './brokerRegistration.ts'
import { createPartitions } from './createPartitions.ts'
import { createTopics } from './createTopics.ts'
import { deleteTopics } from './deleteTopics.ts'
import { electLeaders } from './electLeaders.ts'
import type { ControllerParts } from './handle.ts'
import { incrementalAlterConfigs } from './incrementalAlterConfigs.ts'
import { listPartitionReassignments } from './listPartitionReassignments.ts'
import { unregisterBroker } from './unregisterBroker.ts'
import { updateFeatures } from './updateFeatures.ts'

export type { ControllerParts } from './handle.ts'

/** What the active controller answers, on the controller listener. */
export const controllerHandlers: readonly Handler<ControllerParts>[] = [
  brokerRegistration,
  brokerHeartbeat,
  alterPartition,
  assignReplicasToDirs,
  allocateProducerIds,
  createTopics,
  deleteTopics,
  createPartitions,
  incrementalAlterConfigs,
  alterConfigs,
  electLeaders,
  alterPartitionReassignments,
  listPartitionReassignments,
  alterClientQuotas,
  alterUserScramCredentials,
  updateFeatures,
  unregisterBroker,
]
