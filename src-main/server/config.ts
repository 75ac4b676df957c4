import { dirname, isAbsolute, join, win32 } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Address } from '../env/env.ts'
import { serverConfigDefinitions, serverConfigProblems } from '../metadata/configDefinitions.ts'
import { formatJavaProperties, parseJavaProperties } from '../protocol/files/javaProperties.ts'
import { profileSettings, type Profile } from './profiles.ts'

export type {
  ApiStats,
  BrokerLinkFaults,
  FolderStats,
  FromBroker,
  MetadataTold,
  PartitionStats,
  PartitionTold,
  QuorumTold,
  StatsTold,
  ToBroker,
} from './control.ts'
export type { Profile }

export const CLIENT_LISTENER = 'PLAINTEXT'
export const PEER_LISTENER = 'CONTROLLER'

export interface Voter extends Address {
  readonly id: number
}

/**
 * Which of a cluster's brokers are voters: all, or, of an even number, all but the last, which is an observer. A fourth voter would have to confirm what is
 * committed, and yet no more of four may be missing than of three. Two both vote, although neither may be missing then: what they decided
 * shall not be on a single disk.
 */
export function votersAmong<Broker extends { readonly id: number }>(brokers: readonly Broker[]): readonly Broker[] {
  return brokers.length % 2 === 0 && brokers.length > 2 ? brokers.slice(0, -1) : brokers
}

/** What one broker process is started with: Kafka's own keys in a properties file, nothing else. */
export interface BrokerProcessOptions {
  readonly nodeId: number
  /** Absolute, or relative to the folder of the properties file; the first has the metadata log. */
  readonly directories: readonly string[]
  readonly client: Address
  readonly peer: Address
  readonly voters: readonly Voter[]
  readonly profile: Profile
  readonly settings: Readonly<Record<string, string>>
}

/** What makes a broker this one of these: decided by the cluster, the same for nobody else, and not to be set from outside. */
const DECIDED: ReadonlySet<string> = new Set([
  'node.id',
  'broker.id',
  'process.roles',
  'listeners',
  'advertised.listeners',
  'listener.security.protocol.map',
  'inter.broker.listener.name',
  'controller.listener.names',
  'controller.quorum.voters',
  'controller.quorum.bootstrap.servers',
  'log.dir',
  'log.dirs',
  'metadata.log.dir',
])

/** The text of a broker's properties file. Throws when a setting is not one of Kafka's, or not valid: nothing is started with half a config. */
export function brokerProperties(options: BrokerProcessOptions): string {
  const { settings } = options
  const values = new Map<string, string>([
    ...Object.entries(profileSettings(options.profile, options.voters.length)),
    ...Object.entries(settings),
    ['node.id', String(options.nodeId)],
    ['process.roles', options.voters.some(voter => voter.id === options.nodeId) ? 'broker,controller' : 'broker'],
    ['listeners', `${CLIENT_LISTENER}://${text(options.client)},${PEER_LISTENER}://${text(options.peer)}`],
    ['controller.listener.names', PEER_LISTENER],
    ['controller.quorum.voters', options.voters.map(voter => `${voter.id}@${text(voter)}`).join(',')],
    ['log.dirs', options.directories.join(',')],
  ])
  const problems = [
    ...Object.keys(settings).flatMap(name => {
      if (DECIDED.has(name)) return [`${name} is decided by the cluster and cannot be set`]
      return serverConfigDefinitions.has(name) ? [] : [`There is no broker config ${name}`]
    }),
    ...serverConfigProblems(values),
  ]
  if (problems.length > 0) throw new Error(`${problems.join('. ')}. Correct it with --set KEY=VALUE`)
  return formatJavaProperties(
    values,
    `Broker ${options.nodeId}, profile ${options.profile}. Written anew at every start; change it with --set.`,
  )
}

/** The values of a cluster of this size that differ from Kafka's, beside Kafka's. */
export function profileValues(
  profile: Profile,
  brokers: number,
  settings: Readonly<Record<string, string>>,
): { name: string; value: string; kafkaDefault: string }[] {
  return Object.entries({ ...profileSettings(profile, brokers), ...settings })
    .map(([name, value]) => ({ name, value, kafkaDefault: serverConfigDefinitions.get(name)?.default ?? '' }))
    .filter(({ value, kafkaDefault }) => value !== kafkaDefault)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** A broker process's config: the file's values, checked, and the few that the process itself acts on. */
export interface ServerConfig {
  /** By Kafka's names, only what the file has; what it leaves out is at Kafka's default. */
  readonly values: ReadonlyMap<string, string>
  readonly nodeId: number
  /** At least one; absolute. */
  readonly directories: readonly string[]
  /** Of the metadata log: usually the first of the others. */
  readonly metadataDirectory: string
  readonly client: Address
  readonly peer: Address
  /** Without this node where it is an observer. */
  readonly voters: ReadonlyMap<number, Address>
}

/** Reads a broker's properties file. Paths in it are relative to the `folder` it lies in. Throws an error that names every problem. */
export function readServerConfig(file: string, folder = '/'): ServerConfig {
  const values = parseJavaProperties(file)
  const problems = serverConfigProblems(values)
  if (problems.length > 0) throw new Error(problems.join('. '))
  const listeners = new Map((values.get('listeners') ?? '').split(',').map(listenerOf))
  const client = listeners.get(CLIENT_LISTENER)
  const peer = listeners.get(PEER_LISTENER)
  if (client === undefined || peer === undefined)
    throw new Error(`listeners must name ${CLIENT_LISTENER} and ${PEER_LISTENER}, not ${values.get('listeners')}`)
  const { directories, metadataDirectory } = logDirectoriesOf(values, folder)
  const nodeId = Number(values.get('node.id'))
  const voters = new Map((values.get('controller.quorum.voters') ?? '').split(',').map(voterOf))
  const isController = (values.get('process.roles') ?? '').split(',').some(role => role.trim() === 'controller')
  if (isController !== voters.has(nodeId)) {
    throw new Error(`controller.quorum.voters must ${isController ? '' : 'not '}have node ${nodeId} among them: process.roles says so`)
  }
  return { values, nodeId, directories, metadataDirectory, client, peer, voters }
}

/** `log.dirs` counts, and where it is not set `log.dir`. */
function logDirectoriesOf(values: ReadonlyMap<string, string>, folder: string): Pick<ServerConfig, 'directories' | 'metadataDirectory'> {
  const text = values.get('log.dirs') ?? values.get('log.dir') ?? ''
  const listed = text.split(',').map(each => each.trim())
  if (listed.includes('')) throw new Error(`log.dirs must name the folders of the logs, separated by commas, not \`${text}\``)
  const placed = (path: string) => (isAbsolute(path) || win32.isAbsolute(path) ? path : join(folder, path))
  const directories = listed.map(placed)
  if (new Set(directories).size < directories.length) throw new Error(`log.dirs names a folder twice: ${text}`)
  const metadata = values.get('metadata.log.dir')?.trim()
  return { directories, metadataDirectory: metadata === undefined ? directories[0]! : placed(metadata) }
}

/**
 * The script that is one broker process: the built one beside the other bundles, or this source where the program runs from its sources
 * (Node 24 reads TypeScript), so that it always fits the code that starts it.
 */
export function brokerEntry(): string {
  const here = fileURLToPath(import.meta.url)
  if (here.endsWith('.ts')) return join(dirname(here), 'main.ts')
  const folder = dirname(here)
  return join(folder.endsWith('chunks') ? dirname(folder) : folder, 'broker.js')
}

/**
 * Small young generation: three idle brokers together stay small, and long-lived buffers are off the heap anyway. Below 2 GB, V8 lets the old generation
 * grow to twice what is alive before it collects, rather than to four times: with 10,000 partitions that is what a broker's memory mostly is. The old
 * generation begins with a limit that records in transit stay below: V8 counts buffers for it, and from its own first limit, a few times the twelve
 * megabytes that a broker's heap has, collects everything after every ten megabytes that pass, which took half of a broker's processor time.
 */
export const brokerNodeOptions: readonly string[] = [
  '--max-semi-space-size=8',
  '--max-old-space-size=2000',
  '--initial-old-space-size=128',
  '--disable-warning=ExperimentalWarning',
]

/**
 * Every open, read and fsync takes one of libuv's threads, of which there are four: the fsyncs of a few busy partitions would hold up every read.
 * Idle threads cost next to nothing.
 */
export const brokerEnvironment: Readonly<Record<string, string>> = { UV_THREADPOOL_SIZE: '16' }

const text = ({ host, port }: Address) => `${host}:${port}`

function listenerOf(listener: string): [string, Address] {
  const match = /^([A-Z_]+):\/\/(.*):(\d+)$/.exec(listener.trim())
  if (match === null) throw new Error(`listeners: \`${listener}\` is not NAME://host:port`)
  return [match[1] ?? '', { host: match[2] ?? '', port: Number(match[3]) }]
}

function voterOf(voter: string): [number, Address] {
  const match = /^(\d+)@(.*):(\d+)$/.exec(voter.trim())
  if (match === null) throw new Error(`controller.quorum.voters: \`${voter}\` is not id@host:port`)
  return [Number(match[1]), { host: match[2] ?? '', port: Number(match[3]) }]
}
