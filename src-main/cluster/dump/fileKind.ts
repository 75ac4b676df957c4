import { basename, dirname } from 'node:path'
import { CLEAN_SHUTDOWN_FILE } from '../../protocol/files/cleanShutdown.ts'
import { type LogFileKind, parseLogFileName, parseSnapshotFileName } from '../../protocol/files/fileNames.ts'
import { META_PROPERTIES_FILE } from '../../protocol/files/metaProperties.ts'
import { parsePartitionDirectory } from '../../protocol/files/partitionDirectory.ts'
import { PARTITION_METADATA_FILE } from '../../protocol/files/partitionMetadata.ts'
import { QUORUM_STATE_FILE } from '../../protocol/files/quorumState.ts'

/** How keys and values of a log's records are to be understood: by their topic. */
export type Contents = 'data' | 'metadata' | 'groups' | 'transactions'

export type SmallFileKind = 'leaderEpochs' | 'offsets' | 'partitionMetadata' | 'metaProperties' | 'cleanShutdown' | 'quorumState'

export type FileKind =
  | { readonly kind: LogFileKind; readonly offset: number; readonly suffix: string; readonly contents: Contents; readonly of: string }
  /** Records of the metadata log, numbered from 0; no end offset and epoch in the name of the first one of all. */
  | {
      readonly kind: 'metadataSnapshot'
      readonly id: { readonly endOffset: number; readonly epoch: number } | undefined
      readonly suffix: string
    }
  | { readonly kind: SmallFileKind }

const SMALL_FILES: Readonly<Record<string, SmallFileKind>> = {
  'leader-epoch-checkpoint': 'leaderEpochs',
  'recovery-point-offset-checkpoint': 'offsets',
  'log-start-offset-checkpoint': 'offsets',
  'replication-offset-checkpoint': 'offsets',
  'cleaner-offset-checkpoint': 'offsets',
  [PARTITION_METADATA_FILE]: 'partitionMetadata',
  [META_PROPERTIES_FILE]: 'metaProperties',
  [CLEAN_SHUTDOWN_FILE]: 'cleanShutdown',
  [QUORUM_STATE_FILE]: 'quorumState',
}

const CONTENTS: Readonly<Record<string, Contents>> = {
  __cluster_metadata: 'metadata',
  __consumer_offsets: 'groups',
  __transaction_state: 'transactions',
}

/** What a file is, from its name and that of its folder. Undefined for what no broker writes. The path is absolute. */
export function fileKindOf(path: string): FileKind | undefined {
  const name = basename(path)
  const small = SMALL_FILES[name]
  if (small !== undefined && Object.hasOwn(SMALL_FILES, name)) return { kind: small }
  if (name === 'bootstrap.checkpoint') return { kind: 'metadataSnapshot', id: undefined, suffix: '' }
  const snapshot = parseSnapshotFileName(name)
  if (snapshot !== undefined) {
    return { kind: 'metadataSnapshot', id: { endOffset: snapshot.endOffset, epoch: snapshot.epoch }, suffix: snapshot.suffix }
  }
  const ofLog = parseLogFileName(name)
  if (ofLog === undefined) return undefined
  const partition = parsePartitionDirectory(basename(dirname(path)))
  const contents = partition !== undefined && Object.hasOwn(CONTENTS, partition.topic) ? CONTENTS[partition.topic] : undefined
  return {
    ...ofLog,
    contents: contents ?? 'data',
    of: partition === undefined ? '' : `${partition.topic}-${partition.partition}`,
  }
}

const KINDS: Readonly<Record<FileKind['kind'], string>> = {
  log: 'log',
  index: 'offset index',
  timeindex: 'time index',
  txnindex: 'index of aborted transactions',
  snapshot: 'producer snapshot',
  metadataSnapshot: 'metadata snapshot',
  leaderEpochs: 'leader epochs',
  offsets: 'offsets of partitions',
  partitionMetadata: 'partition metadata',
  metaProperties: 'log folder properties',
  cleanShutdown: 'clean shutdown marker',
  quorumState: 'quorum state',
}

const SUFFIXES: Readonly<Record<string, string>> = {
  deleted: ', to be deleted',
  cleaned: ', being written by the cleaner',
  swap: ', being swapped in',
  part: ', not complete yet',
}

/** In words, and what the name tells besides. */
export function describeKind(kind: FileKind): { readonly words: string; readonly fields: Readonly<Record<string, unknown>> } {
  const of = 'of' in kind && kind.of !== '' ? ` of ${kind.of}` : ''
  const suffix = 'suffix' in kind ? (SUFFIXES[kind.suffix] ?? '') : ''
  const bootstrap = kind.kind === 'metadataSnapshot' && kind.id === undefined ? 'first records of the metadata log' : undefined
  return { words: `${bootstrap ?? KINDS[kind.kind]}${of}${suffix}`, fields: fieldsOf(kind) }
}

function fieldsOf(kind: FileKind): Readonly<Record<string, unknown>> {
  if (kind.kind === 'metadataSnapshot') return kind.id ?? {}
  if (!('offset' in kind)) return {}
  return kind.kind === 'snapshot' ? { endOffset: kind.offset } : { baseOffset: kind.offset }
}
