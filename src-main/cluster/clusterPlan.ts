import { basename } from 'node:path'
import type { Network, Random } from '../env/env.ts'
import type { Processes } from '../env/processes.ts'
import { brokerProperties, type Profile, votersAmong } from '../server/config.ts'
import type { ClusterFile, ClusterFolder } from './clusterFolder.ts'
import { claimPorts, portsOf, requirePorts, type PortClaim } from './ports.ts'

/** Brokers and clients meet on loopback only. */
export const HOST = '127.0.0.1'
const USUAL_PORT = 19_092
const USUAL_BROKERS = 3
const MOST_BROKERS = 7
const MOST_LOG_DIRS = 8

/** What a cluster was asked to be; what is left out is as the folder has it. */
export interface ClusterWish {
  readonly brokers: number | undefined
  /** Log folders of each broker. More than before adds empty ones. */
  readonly logDirs?: number | undefined
  /** Broker i listens on port + i - 1. 0 chooses ports that stay the folder's own; `undefined` takes the folder's, or 19092. */
  readonly port: number | undefined
  readonly profile: Profile | undefined
  /** Kafka's names and values; added to what the folder already has. */
  readonly settings: Readonly<Record<string, string>>
}

/** What is to be written and started: all of it was checked. */
export interface ClusterPlan {
  readonly file: ClusterFile
  /** Text of each broker's properties file, by id. */
  readonly properties: ReadonlyMap<number, string>
  /** Held while the cluster lives. */
  readonly claim: PortClaim | undefined
}

/**
 * Joins what is wished with what the folder has. Writes nothing. Throws when the folder has another number of brokers or more log folders, when a
 * setting is not one of Kafka's, or when a port cannot be had (names it, and who has it).
 */
export async function planCluster(
  env: { readonly network: Network; readonly random: Random; readonly processes: Pick<Processes, 'holderOfPort'> },
  folder: ClusterFolder,
  wish: ClusterWish,
): Promise<ClusterPlan> {
  const before = await folder.read()
  const brokers = wish.brokers ?? before?.brokers ?? USUAL_BROKERS
  if (!Number.isInteger(brokers) || brokers < 1 || brokers > MOST_BROKERS) {
    throw new RangeError(`A cluster has 1 to ${MOST_BROKERS} brokers, not ${brokers}`)
  }
  if (before !== undefined && before.brokers !== brokers) {
    throw new Error(`The cluster in ${folder.path} has ${counted(before.brokers)}, not ${brokers}. Choose another folder with --data`)
  }
  const logDirs = wish.logDirs ?? before?.logDirs ?? 1
  if (!Number.isInteger(logDirs) || logDirs < 1 || logDirs > MOST_LOG_DIRS) {
    throw new RangeError(`A broker has 1 to ${MOST_LOG_DIRS} log folders, not ${logDirs}`)
  }
  if (before !== undefined && before.logDirs > logDirs) {
    throw new Error(
      `Each broker of the cluster in ${folder.path} has ${before.logDirs} log folders: with ${logDirs}, data would be missing`,
    )
  }
  const shape = {
    version: 1,
    isNew: before?.isNew ?? true,
    clusterId: before?.clusterId ?? folder.newClusterId(),
    brokers,
    logDirs,
    profile: wish.profile ?? before?.profile ?? 'dev',
    settings: { ...before?.settings, ...wish.settings },
  } as const
  propertiesOf({ ...shape, port: USUAL_PORT }, folder) // refuses wrong settings before any port is looked at
  const wished = wish.port ?? before?.port ?? USUAL_PORT
  const port = wished === 0 ? before?.port : wished
  if (port === undefined) {
    const claim = await claimPorts(env, HOST, brokers)
    const file = { ...shape, port: claim.firstPort }
    return { file, properties: propertiesOf(file, folder), claim }
  }
  await requirePorts(env, HOST, portsOf(port, brokers))
  const file = { ...shape, port }
  return { file, properties: propertiesOf(file, folder), claim: undefined }
}

export const clientPort = (file: ClusterFile, brokerId: number): number => file.port + brokerId - 1
export const peerPort = (file: ClusterFile, brokerId: number): number => file.port + file.brokers + brokerId - 1

export const brokerIdsOf = (file: ClusterFile): number[] => Array.from({ length: file.brokers }, (_, index) => index + 1)

function propertiesOf(file: ClusterFile, folder: ClusterFolder): Map<number, string> {
  const brokers = brokerIdsOf(file).map(id => ({ id, host: HOST, port: peerPort(file, id) }))
  const voters = votersAmong(brokers)
  return new Map(
    brokers.map(peer => [
      peer.id,
      brokerProperties({
        nodeId: peer.id,
        directories: directoriesOf(file, folder, peer.id),
        client: { host: HOST, port: clientPort(file, peer.id) },
        peer,
        voters,
        profile: file.profile,
        settings: file.settings,
      }),
    ]),
  )
}

/** Relative to the properties file where the list could not be taken apart again. */
function directoriesOf(file: ClusterFile, folder: ClusterFolder, brokerId: number): string[] {
  const paths = folder.brokerDirectories(brokerId, file.logDirs)
  return folder.path.includes(',') ? paths.map(path => basename(path)) : paths
}

const counted = (brokers: number) => (brokers === 1 ? 'one broker' : `${brokers} brokers`)
