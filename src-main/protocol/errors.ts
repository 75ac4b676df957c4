/**
 * Kafka's error codes by name. An answer is an `ErrorName`, and becomes a number only when it is put into a response. `retriable` is what
 * a client concludes from it: the same request may succeed later, or at another broker; `refresh` that it has to ask again who leads.
 * The messages are ours; Kafka's clients show their own.
 */
export const errors = {
  UNKNOWN_SERVER_ERROR: { code: -1, retriable: false, message: 'The broker failed in a way it did not expect; its log says more.' },
  NONE: { code: 0, retriable: false },
  OFFSET_OUT_OF_RANGE: { code: 1, retriable: false, message: "The offset lies before the start or behind the end of the partition's log." },
  CORRUPT_MESSAGE: { code: 2, retriable: true, message: 'A record batch does not match its checksum, its size or its format.' },
  UNKNOWN_TOPIC_OR_PARTITION: { code: 3, retriable: true, refresh: true, message: 'There is no such topic or partition on this broker.' },
  INVALID_FETCH_SIZE: { code: 4, retriable: false, message: 'The size asked for is not positive.' },
  LEADER_NOT_AVAILABLE: { code: 5, retriable: true, refresh: true, message: 'The partition has no leader at the moment.' },
  NOT_LEADER_OR_FOLLOWER: {
    code: 6,
    retriable: true,
    refresh: true,
    message: 'This broker is not the leader of the partition, or for a read not a replica of it.',
  },
  REQUEST_TIMED_OUT: {
    code: 7,
    retriable: true,
    message: 'The in-sync replicas did not catch up within the time that the request allowed.',
  },
  BROKER_NOT_AVAILABLE: { code: 8, retriable: false, message: 'The broker is not there to serve this.' },
  REPLICA_NOT_AVAILABLE: { code: 9, retriable: true, refresh: true, message: 'The replica is not on this broker.' },
  MESSAGE_TOO_LARGE: { code: 10, retriable: false, message: 'The record batch is larger than max.message.bytes of the topic.' },
  STALE_CONTROLLER_EPOCH: { code: 11, retriable: false },
  OFFSET_METADATA_TOO_LARGE: {
    code: 12,
    retriable: false,
    message: 'The text committed with the offset is longer than offset.metadata.max.bytes.',
  },
  NETWORK_EXCEPTION: { code: 13, retriable: true, refresh: true, message: 'The connection broke before the response came.' },
  COORDINATOR_LOAD_IN_PROGRESS: { code: 14, retriable: true, message: 'The coordinator is still reading its partition.' },
  COORDINATOR_NOT_AVAILABLE: { code: 15, retriable: true, refresh: true, message: 'There is no coordinator at the moment.' },
  NOT_COORDINATOR: {
    code: 16,
    retriable: true,
    refresh: true,
    message: 'This broker is not the coordinator of the group or transactional id.',
  },
  INVALID_TOPIC_EXCEPTION: {
    code: 17,
    retriable: false,
    message: "The topic's name is not allowed, or the topic is not to be changed by clients.",
  },
  RECORD_LIST_TOO_LARGE: { code: 18, retriable: false, message: 'The record batch is larger than segment.bytes of the topic.' },
  NOT_ENOUGH_REPLICAS: {
    code: 19,
    retriable: true,
    message: 'There are fewer in-sync replicas than min.insync.replicas asks for; nothing was written.',
  },
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: {
    code: 20,
    retriable: true,
    message: 'The records were written, but the in-sync replicas became fewer than min.insync.replicas asks for.',
  },
  INVALID_REQUIRED_ACKS: { code: 21, retriable: false, message: 'acks must be -1, 0 or 1.' },
  ILLEGAL_GENERATION: { code: 22, retriable: false, message: "The generation is not the group's current one." },
  INCONSISTENT_GROUP_PROTOCOL: {
    code: 23,
    retriable: false,
    message: 'The member shares no protocol with the rest of the group, or named none.',
  },
  INVALID_GROUP_ID: { code: 24, retriable: false, message: 'The group id is empty or not allowed.' },
  UNKNOWN_MEMBER_ID: { code: 25, retriable: false, message: 'The group does not know this member.' },
  INVALID_SESSION_TIMEOUT: {
    code: 26,
    retriable: false,
    message: 'The session timeout is outside group.min.session.timeout.ms and group.max.session.timeout.ms.',
  },
  REBALANCE_IN_PROGRESS: { code: 27, retriable: false, message: 'The group is between two assignments; the member has to join again.' },
  INVALID_COMMIT_OFFSET_SIZE: { code: 28, retriable: false, message: 'The offsets to commit take more room than a batch may.' },
  TOPIC_AUTHORIZATION_FAILED: { code: 29, retriable: false, message: 'The client may not do this with the topic.' },
  GROUP_AUTHORIZATION_FAILED: { code: 30, retriable: false, message: 'The client may not do this with the group.' },
  CLUSTER_AUTHORIZATION_FAILED: { code: 31, retriable: false, message: 'The client may not do this with the cluster.' },
  INVALID_TIMESTAMP: { code: 32, retriable: false, message: "A record's timestamp is further from now than the topic allows." },
  UNSUPPORTED_SASL_MECHANISM: { code: 33, retriable: false, message: 'The SASL mechanism is not enabled here.' },
  ILLEGAL_SASL_STATE: { code: 34, retriable: false, message: 'The request does not belong at this point of the SASL conversation.' },
  UNSUPPORTED_VERSION: { code: 35, retriable: false, message: 'The version of the request, or something in it, is not supported.' },
  TOPIC_ALREADY_EXISTS: { code: 36, retriable: false, message: 'There is a topic of that name, or of one too like it, already.' },
  INVALID_PARTITIONS: { code: 37, retriable: false, message: 'The number of partitions is not one that the topic can have.' },
  INVALID_REPLICATION_FACTOR: {
    code: 38,
    retriable: false,
    message: 'The replication factor is not positive, or larger than the number of brokers that can take replicas.',
  },
  INVALID_REPLICA_ASSIGNMENT: {
    code: 39,
    retriable: false,
    message: 'The assignment names unknown brokers, the same broker twice, or not every partition.',
  },
  INVALID_CONFIG: { code: 40, retriable: false, message: 'A config is unknown or its value is not valid.' },
  NOT_CONTROLLER: { code: 41, retriable: true, message: 'This node is not the active controller.' },
  INVALID_REQUEST: {
    code: 42,
    retriable: false,
    message: 'The request contradicts itself or lacks something; retrying it as it is cannot help.',
  },
  UNSUPPORTED_FOR_MESSAGE_FORMAT: { code: 43, retriable: false, message: 'The record format does not support this.' },
  POLICY_VIOLATION: { code: 44, retriable: false, message: 'A policy of the cluster forbids this.' },
  OUT_OF_ORDER_SEQUENCE_NUMBER: {
    code: 45,
    retriable: false,
    message: "The producer's sequence number does not follow the last one stored.",
  },
  DUPLICATE_SEQUENCE_NUMBER: { code: 46, retriable: false, message: 'The batch with this sequence number is stored already.' },
  INVALID_PRODUCER_EPOCH: { code: 47, retriable: false, message: "The producer's epoch is older than the newest one known." },
  INVALID_TXN_STATE: { code: 48, retriable: false, message: 'The transaction is not in a state that allows this.' },
  INVALID_PRODUCER_ID_MAPPING: { code: 49, retriable: false, message: 'The producer id is not the one of the transactional id.' },
  INVALID_TRANSACTION_TIMEOUT: {
    code: 50,
    retriable: false,
    message: 'The transaction timeout is larger than transaction.max.timeout.ms.',
  },
  CONCURRENT_TRANSACTIONS: { code: 51, retriable: true, message: 'The previous transaction of this producer is still being completed.' },
  TRANSACTION_COORDINATOR_FENCED: {
    code: 52,
    retriable: false,
    message: 'The marker comes from a coordinator that is no longer the current one.',
  },
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: { code: 53, retriable: false, message: 'The client may not use the transactional id.' },
  SECURITY_DISABLED: { code: 54, retriable: false, message: 'No authorizer is configured.' },
  OPERATION_NOT_ATTEMPTED: { code: 55, retriable: false, message: 'Something earlier in the request failed, so that this was not tried.' },
  KAFKA_STORAGE_ERROR: { code: 56, retriable: true, refresh: true, message: 'The disk of the partition has failed.' },
  LOG_DIR_NOT_FOUND: { code: 57, retriable: false, message: "The log folder is not one of this broker's." },
  SASL_AUTHENTICATION_FAILED: { code: 58, retriable: false, message: 'The credentials are not valid.' },
  UNKNOWN_PRODUCER_ID: { code: 59, retriable: false, message: 'Nothing of this producer is remembered in the partition.' },
  REASSIGNMENT_IN_PROGRESS: { code: 60, retriable: false, message: 'The partition is being moved to other replicas.' },
  DELEGATION_TOKEN_AUTH_DISABLED: { code: 61, retriable: false },
  DELEGATION_TOKEN_NOT_FOUND: { code: 62, retriable: false },
  DELEGATION_TOKEN_OWNER_MISMATCH: { code: 63, retriable: false },
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: { code: 64, retriable: false },
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: { code: 65, retriable: false },
  DELEGATION_TOKEN_EXPIRED: { code: 66, retriable: false },
  INVALID_PRINCIPAL_TYPE: { code: 67, retriable: false },
  NON_EMPTY_GROUP: { code: 68, retriable: false, message: 'The group still has members.' },
  GROUP_ID_NOT_FOUND: { code: 69, retriable: false, message: 'There is no such group.' },
  FETCH_SESSION_ID_NOT_FOUND: { code: 70, retriable: true, message: 'The fetch session is not known, or not any more.' },
  INVALID_FETCH_SESSION_EPOCH: { code: 71, retriable: true, message: 'The request does not continue its fetch session.' },
  LISTENER_NOT_FOUND: {
    code: 72,
    retriable: true,
    refresh: true,
    message: 'The leader has no listener of the name that the request came in on.',
  },
  TOPIC_DELETION_DISABLED: { code: 73, retriable: false, message: 'delete.topic.enable is false.' },
  FENCED_LEADER_EPOCH: {
    code: 74,
    retriable: true,
    refresh: true,
    message: "The leader epoch of the request is older than the partition's.",
  },
  UNKNOWN_LEADER_EPOCH: { code: 75, retriable: true, message: 'The leader epoch of the request is newer than this broker has heard of.' },
  UNSUPPORTED_COMPRESSION_TYPE: { code: 76, retriable: false, message: 'The compression is not known in this version of the request.' },
  STALE_BROKER_EPOCH: { code: 77, retriable: false, message: "The broker epoch is not the one of the broker's current registration." },
  OFFSET_NOT_AVAILABLE: { code: 78, retriable: true, message: 'The new leader does not know its high watermark yet.' },
  MEMBER_ID_REQUIRED: { code: 79, retriable: false, message: 'The member has to join again with the id given here.' },
  PREFERRED_LEADER_NOT_AVAILABLE: {
    code: 80,
    retriable: true,
    refresh: true,
    message: 'The preferred leader is not alive or not in sync.',
  },
  GROUP_MAX_SIZE_REACHED: { code: 81, retriable: false, message: 'The group has group.max.size members already.' },
  FENCED_INSTANCE_ID: { code: 82, retriable: false, message: 'Another member has come in with the same group.instance.id.' },
  ELIGIBLE_LEADERS_NOT_AVAILABLE: { code: 83, retriable: true, refresh: true, message: 'No replica that may become leader is alive.' },
  ELECTION_NOT_NEEDED: { code: 84, retriable: true, refresh: true, message: 'The partition has the leader it should have.' },
  NO_REASSIGNMENT_IN_PROGRESS: { code: 85, retriable: false, message: 'The partition is not being moved.' },
  GROUP_SUBSCRIBED_TO_TOPIC: { code: 86, retriable: false, message: 'The group still reads the topic.' },
  INVALID_RECORD: { code: 87, retriable: false, message: 'A record or its batch breaks a rule of the topic or of the format.' },
  UNSTABLE_OFFSET_COMMIT: { code: 88, retriable: true, message: 'A transaction with offsets of this partition is still open.' },
  THROTTLING_QUOTA_EXCEEDED: { code: 89, retriable: true, message: 'The quota for such changes is used up for now.' },
  PRODUCER_FENCED: { code: 90, retriable: false, message: 'A newer producer with the same transactional id has taken over.' },
  RESOURCE_NOT_FOUND: { code: 91, retriable: false, message: 'What the request refers to does not exist.' },
  DUPLICATE_RESOURCE: { code: 92, retriable: false, message: 'The request names the same thing twice.' },
  UNACCEPTABLE_CREDENTIAL: { code: 93, retriable: false, message: 'The credential does not meet the rules.' },
  INCONSISTENT_VOTER_SET: { code: 94, retriable: false, message: "The voters named differ from the quorum's." },
  INVALID_UPDATE_VERSION: { code: 95, retriable: false, message: 'The version of the partition state is not the current one.' },
  FEATURE_UPDATE_FAILED: { code: 96, retriable: false, message: 'The features could not be changed to these levels.' },
  PRINCIPAL_DESERIALIZATION_FAILURE: { code: 97, retriable: false, message: 'The principal of a forwarded request cannot be read.' },
  SNAPSHOT_NOT_FOUND: { code: 98, retriable: false, message: 'There is no snapshot of that id.' },
  POSITION_OUT_OF_RANGE: { code: 99, retriable: false, message: 'The position lies outside the snapshot.' },
  UNKNOWN_TOPIC_ID: { code: 100, retriable: true, refresh: true, message: 'There is no topic with this id on this broker.' },
  DUPLICATE_BROKER_REGISTRATION: { code: 101, retriable: false, message: 'A broker with the same id is alive.' },
  BROKER_ID_NOT_REGISTERED: { code: 102, retriable: false, message: 'No broker with this id is registered.' },
  INCONSISTENT_TOPIC_ID: { code: 103, retriable: true, refresh: true, message: 'The topic id is not the one of the log.' },
  INCONSISTENT_CLUSTER_ID: { code: 104, retriable: false, message: 'The cluster id is not the one of this cluster.' },
  TRANSACTIONAL_ID_NOT_FOUND: { code: 105, retriable: false, message: 'There is no such transactional id.' },
  FETCH_SESSION_TOPIC_ID_ERROR: { code: 106, retriable: true, message: 'The fetch session switched between topic names and topic ids.' },
  INELIGIBLE_REPLICA: { code: 107, retriable: false, message: 'A replica that may not be in sync is among the proposed in-sync replicas.' },
  NEW_LEADER_ELECTED: { code: 108, retriable: false, message: 'The change was made, and it gave the partition a new leader.' },
  OFFSET_MOVED_TO_TIERED_STORAGE: { code: 109, retriable: false, message: 'The offset lies in tiered storage.' },
  FENCED_MEMBER_EPOCH: { code: 110, retriable: false, message: "The coordinator has fenced the member's epoch; it has to join anew." },
  UNRELEASED_INSTANCE_ID: { code: 111, retriable: false, message: 'The group.instance.id still belongs to a member of the group.' },
  UNSUPPORTED_ASSIGNOR: { code: 112, retriable: false, message: 'The assignor is not one that the group can use.' },
  STALE_MEMBER_EPOCH: { code: 113, retriable: false, message: "The member's epoch is older than the one it has now." },
  MISMATCHED_ENDPOINT_TYPE: { code: 114, retriable: false, message: 'The request was sent to the wrong kind of endpoint.' },
  UNSUPPORTED_ENDPOINT_TYPE: { code: 115, retriable: false, message: 'This kind of endpoint is not supported here.' },
  UNKNOWN_CONTROLLER_ID: { code: 116, retriable: false, message: 'No controller has this id.' },
  UNKNOWN_SUBSCRIPTION_ID: { code: 117, retriable: false },
  TELEMETRY_TOO_LARGE: { code: 118, retriable: false },
  INVALID_REGISTRATION: { code: 119, retriable: false, message: 'The registration does not fit the cluster.' },
  TRANSACTION_ABORTABLE: { code: 120, retriable: false, message: 'The transaction has to be aborted; the producer may go on afterwards.' },
  INVALID_RECORD_STATE: { code: 121, retriable: false },
  SHARE_SESSION_NOT_FOUND: { code: 122, retriable: true },
  INVALID_SHARE_SESSION_EPOCH: { code: 123, retriable: true },
  FENCED_STATE_EPOCH: { code: 124, retriable: false },
  INVALID_VOTER_KEY: { code: 125, retriable: false, message: "The voter's directory id is not the one expected." },
  DUPLICATE_VOTER: { code: 126, retriable: false, message: 'The voter is in the set already.' },
  VOTER_NOT_FOUND: { code: 127, retriable: false, message: 'The voter is not in the set.' },
  INVALID_REGULAR_EXPRESSION: { code: 128, retriable: false, message: 'The regular expression cannot be read.' },
  REBOOTSTRAP_REQUIRED: { code: 129, retriable: false, message: 'The client has to look for the cluster anew from its bootstrap servers.' },
  STREAMS_INVALID_TOPOLOGY: { code: 130, retriable: false },
  STREAMS_INVALID_TOPOLOGY_EPOCH: { code: 131, retriable: false },
  STREAMS_TOPOLOGY_FENCED: { code: 132, retriable: false },
  SHARE_SESSION_LIMIT_REACHED: { code: 133, retriable: true },
  GROUP_DELETION_FAILED: { code: 134, retriable: false },
  STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED: { code: 135, retriable: false },
  CONTROLLER_ID_NOT_REGISTERED: { code: 136, retriable: false },
} as const satisfies Record<string, Meaning>

interface Meaning {
  readonly code: number
  readonly retriable: boolean
  readonly refresh?: boolean
  readonly message?: string
}

export type ErrorName = keyof typeof errors

const names = new Map<number, ErrorName>(Object.entries(errors).map(([name, { code }]) => [code, name as ErrorName]))

export function errorCode(name: ErrorName): number {
  return errors[name].code
}

/** The name of a code; a code that we do not know is the unknown error, since that is all a caller could make of it. */
export function errorName(code: number): ErrorName {
  return names.get(code) ?? 'UNKNOWN_SERVER_ERROR'
}

/** Whether the same request may succeed later or elsewhere. */
export function isRetriable(name: ErrorName): boolean {
  return errors[name].retriable
}

/** Whether a client that gets this should ask for metadata, or for the coordinator, before it tries again. */
export function wantsRefresh(name: ErrorName): boolean {
  const meaning: Meaning = errors[name]
  return meaning.refresh === true
}

/** One sentence for a person; null for success, and the name itself for the codes that only other brokers return. */
export function errorMessage(name: ErrorName): string | null {
  if (name === 'NONE') return null
  const meaning: Meaning = errors[name]
  return meaning.message ?? `The broker answered ${name}.`
}
