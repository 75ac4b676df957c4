import { isUuid, type Uuid } from '../../base/uuid.ts'
import { MalformedMessage } from '../byteReader.ts'

/**
 * The name of the file that ties a partition's folder to a topic id, so that a topic created anew is not taken for the old one (KIP-516).
 */
export const PARTITION_METADATA_FILE = 'partition.metadata'

/** Two lines without a newline at the end. */
export function encodePartitionMetadata({ topicId }: { readonly topicId: Uuid }): Buffer {
  return Buffer.from(`version: 0\ntopic_id: ${topicId}`)
}

export function decodePartitionMetadata(file: Buffer): { readonly topicId: Uuid } {
  const [, topicId] = /^version: 0\ntopic_id: (\S+)\s*$/.exec(file.toString('utf8')) ?? []
  if (topicId === undefined || !isUuid(topicId)) throw new MalformedMessage('a partition.metadata file cannot be read', 0)
  return { topicId }
}
