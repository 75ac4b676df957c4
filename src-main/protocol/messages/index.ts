import { AllocateProducerIds } from './allocateProducerIds.ts'
import { AlterClientQuotas } from './alterClientQuotas.ts'
import { AlterConfigs } from './alterConfigs.ts'
import { AlterPartition } from './alterPartition.ts'
import { AlterPartitionReassignments } from './alterPartitionReassignments.ts'
import { AlterUserScramCredentials } from './alterUserScramCredentials.ts'
import { ApiVersions } from './apiVersions.ts'
import { AssignReplicasToDirs } from './assignReplicasToDirs.ts'
import { BeginQuorumEpoch } from './beginQuorumEpoch.ts'
import { BrokerHeartbeat } from './brokerHeartbeat.ts'
import { BrokerRegistration } from './brokerRegistration.ts'
import { ConsumerGroupDescribe } from './consumerGroupDescribe.ts'
import { CreateAcls } from './createAcls.ts'
import { CreatePartitions } from './createPartitions.ts'
import { CreateTopics } from './createTopics.ts'
import { DeleteAcls } from './deleteAcls.ts'
import { DeleteGroups } from './deleteGroups.ts'
import { DeleteRecords } from './deleteRecords.ts'
import { DeleteTopics } from './deleteTopics.ts'
import { DescribeAcls } from './describeAcls.ts'
import { DescribeClientQuotas } from './describeClientQuotas.ts'
import { DescribeCluster } from './describeCluster.ts'
import { DescribeConfigs } from './describeConfigs.ts'
import { DescribeGroups } from './describeGroups.ts'
import { DescribeLogDirs } from './describeLogDirs.ts'
import { DescribeProducers } from './describeProducers.ts'
import { DescribeQuorum } from './describeQuorum.ts'
import { DescribeTopicPartitions } from './describeTopicPartitions.ts'
import { DescribeUserScramCredentials } from './describeUserScramCredentials.ts'
import { ElectLeaders } from './electLeaders.ts'
import { EndQuorumEpoch } from './endQuorumEpoch.ts'
import { Envelope } from './envelope.ts'
import { Fetch } from './fetch.ts'
import { FetchSnapshot } from './fetchSnapshot.ts'
import { FindCoordinator } from './findCoordinator.ts'
import { Heartbeat } from './heartbeat.ts'
import { IncrementalAlterConfigs } from './incrementalAlterConfigs.ts'
import { InitProducerId } from './initProducerId.ts'
import { JoinGroup } from './joinGroup.ts'
import { LeaveGroup } from './leaveGroup.ts'
import { ListGroups } from './listGroups.ts'
import { ListOffsets } from './listOffsets.ts'
import { ListPartitionReassignments } from './listPartitionReassignments.ts'
import { Metadata } from './metadata.ts'
import { OffsetCommit } from './offsetCommit.ts'
import { OffsetDelete } from './offsetDelete.ts'
import { OffsetFetch } from './offsetFetch.ts'
import { OffsetForLeaderEpoch } from './offsetForLeaderEpoch.ts'
import { Produce } from './produce.ts'
import { SaslAuthenticate } from './saslAuthenticate.ts'
import { SaslHandshake } from './saslHandshake.ts'
import { SyncGroup } from './syncGroup.ts'
import { UnregisterBroker } from './unregisterBroker.ts'
import { UpdateFeatures } from './updateFeatures.ts'
import { UpdateRaftVoter } from './updateRaftVoter.ts'
import { Vote } from './vote.ts'
import type { AnyApi } from '../schema.ts'

/** Every API that we can read and write, by key. What a broker offers is the list of its handlers, not this one. */
export const allApis: readonly AnyApi[] = [
  Produce,
  Fetch,
  ListOffsets,
  Metadata,
  OffsetCommit,
  OffsetFetch,
  FindCoordinator,
  JoinGroup,
  Heartbeat,
  LeaveGroup,
  SyncGroup,
  DescribeGroups,
  ListGroups,
  SaslHandshake,
  ApiVersions,
  CreateTopics,
  DeleteTopics,
  DeleteRecords,
  InitProducerId,
  OffsetForLeaderEpoch,
  DescribeAcls,
  CreateAcls,
  DeleteAcls,
  DescribeConfigs,
  AlterConfigs,
  DescribeLogDirs,
  SaslAuthenticate,
  CreatePartitions,
  DeleteGroups,
  ElectLeaders,
  IncrementalAlterConfigs,
  OffsetDelete,
  DescribeQuorum,
  DescribeCluster,
  DescribeProducers,
  AlterPartitionReassignments,
  ListPartitionReassignments,
  DescribeClientQuotas,
  AlterClientQuotas,
  DescribeUserScramCredentials,
  AlterUserScramCredentials,
  Vote,
  BeginQuorumEpoch,
  EndQuorumEpoch,
  FetchSnapshot,
  BrokerRegistration,
  BrokerHeartbeat,
  AlterPartition,
  UpdateFeatures,
  UnregisterBroker,
  AllocateProducerIds,
  AssignReplicasToDirs,
  DescribeTopicPartitions,
  Envelope,
  ConsumerGroupDescribe,
  UpdateRaftVoter,
]

export {
  AllocateProducerIds,
  AlterClientQuotas,
  AlterConfigs,
  AlterPartition,
  AlterPartitionReassignments,
  AlterUserScramCredentials,
  ApiVersions,
  AssignReplicasToDirs,
  BeginQuorumEpoch,
  BrokerHeartbeat,
  BrokerRegistration,
  ConsumerGroupDescribe,
  CreateAcls,
  CreatePartitions,
  CreateTopics,
  DeleteAcls,
  DeleteGroups,
  DeleteRecords,
  DeleteTopics,
  DescribeAcls,
  DescribeClientQuotas,
  DescribeCluster,
  DescribeConfigs,
  DescribeGroups,
  DescribeLogDirs,
  DescribeProducers,
  DescribeQuorum,
  DescribeTopicPartitions,
  DescribeUserScramCredentials,
  ElectLeaders,
  EndQuorumEpoch,
  Envelope,
  Fetch,
  FetchSnapshot,
  FindCoordinator,
  Heartbeat,
  IncrementalAlterConfigs,
  InitProducerId,
  JoinGroup,
  LeaveGroup,
  ListGroups,
  ListOffsets,
  ListPartitionReassignments,
  Metadata,
  OffsetCommit,
  OffsetDelete,
  OffsetFetch,
  OffsetForLeaderEpoch,
  Produce,
  SaslAuthenticate,
  SaslHandshake,
  SyncGroup,
  UnregisterBroker,
  UpdateFeatures,
  UpdateRaftVoter,
  Vote,
}
