import { isUuid, type Uuid, ZERO_UUID } from '../../base/uuid.ts'
import { MalformedMessage } from '../byteReader.ts'

/** The name of the file in the metadata log's folder that a voter writes before it acts on an epoch or a vote. */
export const QUORUM_STATE_FILE = 'quorum-state'

/** What a voter must not forget (KIP-595, KIP-853). Ids are -1, and the directory id zero, when there is none. */
export interface QuorumStateFile {
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly votedId: number
  readonly votedDirectoryId: Uuid
}

/** One line of JSON, data version 1: the one of kraft.version 1. */
export function encodeQuorumState({ leaderId, leaderEpoch, votedId, votedDirectoryId }: QuorumStateFile): Buffer {
  return Buffer.from(JSON.stringify({ leaderId, leaderEpoch, votedId, votedDirectoryId, data_version: 1 }))
}

/** Reads version 1, and version 0, which knew no directory ids. */
export function decodeQuorumState(file: Buffer): QuorumStateFile {
  let state: unknown
  try {
    state = JSON.parse(file.toString('utf8'))
  } catch (cause) {
    throw new MalformedMessage('a quorum-state file is no JSON', 0, { cause })
  }
  if (typeof state !== 'object' || state === null) throw new MalformedMessage('a quorum-state file holds no object', 0)
  const fields = state as Readonly<Record<string, unknown>>
  const version = fields['data_version']
  if (version !== 0 && version !== 1)
    throw new MalformedMessage(`version ${JSON.stringify(version)} of a quorum-state file is not known`, 0)
  const votedDirectoryId = version === 1 ? fields['votedDirectoryId'] : ZERO_UUID
  if (typeof votedDirectoryId !== 'string' || !isUuid(votedDirectoryId)) {
    throw new MalformedMessage('a quorum-state file has no votedDirectoryId that can be read', 0)
  }
  return {
    leaderId: int32(fields, 'leaderId'),
    leaderEpoch: int32(fields, 'leaderEpoch'),
    votedId: int32(fields, 'votedId'),
    votedDirectoryId,
  }
}

function int32(fields: Readonly<Record<string, unknown>>, name: string): number {
  const value = fields[name]
  if (typeof value !== 'number' || (value | 0) !== value)
    throw new MalformedMessage(`a quorum-state file has no ${name} that can be read`, 0)
  return value
}
