import { isUuid, type Uuid } from '../../base/uuid.ts'
import { MalformedMessage } from '../byteReader.ts'
import { formatJavaProperties, parseJavaProperties } from './javaProperties.ts'

/** The name of the file that says whose log folder this is. */
export const META_PROPERTIES_FILE = 'meta.properties'

/** What `kafka-storage format` writes into a log folder, version 1. */
export interface MetaProperties {
  readonly version: 1
  readonly clusterId: string
  readonly nodeId: number
  readonly directoryId: Uuid
}

/** With the empty comment that Java's writer begins with. */
export function encodeMetaProperties({ version, clusterId, nodeId, directoryId }: MetaProperties): Buffer {
  const properties = { 'cluster.id': clusterId, 'directory.id': directoryId, 'node.id': `${nodeId}`, version: `${version}` }
  return Buffer.from(formatJavaProperties(Object.entries(properties)))
}

export function decodeMetaProperties(file: Buffer): MetaProperties {
  const properties = parseJavaProperties(file.toString('utf8'))
  const version = properties.get('version')
  if (version !== '1') malformed(`version ${version} is not known`)
  const clusterId = properties.get('cluster.id') ?? malformed('there is no cluster.id')
  const nodeId = properties.get('node.id') ?? malformed('there is no node.id')
  if (!/^\d{1,9}$/.test(nodeId)) malformed(`node.id ${JSON.stringify(nodeId)} is no number`)
  const directoryId = properties.get('directory.id') ?? malformed('there is no directory.id')
  if (!isUuid(directoryId)) malformed(`directory.id ${JSON.stringify(directoryId)} is no uuid`)
  return { version: 1, clusterId, nodeId: Number(nodeId), directoryId }
}

function malformed(reason: string): never {
  throw new MalformedMessage(`a meta.properties file cannot be used: ${reason}`, 0)
}
