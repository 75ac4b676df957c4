import type { Handler } from '../../wire/handler.ts'
import { alterClientQuotas } from './alterClientQuotas.ts'
import { alterConfigs } from './alterConfigs.ts'
import { alterPartitionReassignments } from './alterPartitionReassignments.ts'
import { alterUserScramCredentials } from './alterUserScramCredentials.ts'
import { apiVersionsOf } from './apiVersions.ts'
import { createPartitions } from './createPartitions.ts'
import { createTopics } from './createTopics.ts'
import { deleteGroups } from './deleteGroups.ts'
import { deleteRecords } from './deleteRecords.ts'
import { deleteTopics } from './deleteTopics.ts'
import { describeClientQuotas } from './describeClientQuotas.ts'
import { describeCluster } from './describeCluster.ts'
import { describeConfigs } from './describeConfigs.ts'
import { describeGroups } from './describeGroups.ts'
import { describeLogDirs } from './describeLogDirs.ts'
import { describeProducers } from './describeProducers.ts'
import { describeQuorum } from './describeQuorum.ts'
import { describeTopicPartitions } from './describeTopicPartitions.ts'
import { describeUserScramCredentials } from './describeUserScramCredentials.ts'
import { electLeaders } from './electLeaders.ts'
import { fetch } from './fetch.ts'
import { findCoordinator } from './findCoordinator.ts'
import type { BrokerParts } from './handle.ts'
import { heartbeat } from './heartbeat.ts'
import { incrementalAlterConfigs } from './incrementalAlterConfigs.ts'
import { initProducerId } from './initProducerId.ts'
import { joinGroup } from './joinGroup.ts'
import { leaveGroup } from './leaveGroup.ts'
import { listGroups } from './listGroups.ts'
import { listOffsets } from './listOffsets.ts'
import { listPartitionReassignments } from './listPartitionReassignments.ts'
import { metadata } from './metadata.ts'
import { offsetCommit } from './offsetCommit.ts'
import { offsetDelete } from './offsetDelete.ts'
import { offsetFetch } from './offsetFetch.ts'
import { offsetForLeaderEpoch } from './offsetForLeaderEpoch.ts'
import { produce } from './produce.ts'
import { syncGroup } from './syncGroup.ts'
import { unregisterBroker } from './unregisterBroker.ts'
import { updateFeatures } from './updateFeatures.ts'

/** Everything that clients may ask of a broker, and with their `advertised` versions the answer to ApiVersions. */
export const clientHandlers: readonly Handler<BrokerParts>[] = [
  produce,
  fetch,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  findCoordinator,
  joinGroup,
  heartbeat,
  leaveGroup,
  syncGroup,
  describeGroups,
  listGroups,
  apiVersionsOf(() => clientHandlers.map(({ api }) => api)),
  createTopics,
  deleteTopics,
  deleteRecords,
  initProducerId,
  offsetForLeaderEpoch,
  describeConfigs,
  alterConfigs,
  describeLogDirs,
  createPartitions,
  deleteGroups,
  electLeaders,
  incrementalAlterConfigs,
  alterPartitionReassignments,
  listPartitionReassignments,
  offsetDelete,
  describeClientQuotas,
  alterClientQuotas,
  describeUserScramCredentials,
  alterUserScramCredentials,
  describeQuorum,
  updateFeatures,
  describeCluster,
  describeProducers,
  unregisterBroker,
  describeTopicPartitions,
]

/** What other brokers ask of this one as a broker, on the listener of the peers; quorum and controller bring their own. */
export const peerHandlers: readonly Handler<BrokerParts>[] = [fetch, listOffsets, describeQuorum, apiVersionsOf(() => [])]
