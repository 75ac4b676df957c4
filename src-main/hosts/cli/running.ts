import { ClusterFolder } from '../../cluster/clusterFolder.ts'
import { BridgeError } from '../../contract/channel.ts'
import type { ClusterSnapshot, FaultyLink, LogDir } from '../../contract/cluster.ts'
import { nodeEnv } from '../../env/node/env.ts'
import type { Command, Verb } from './commandLine.ts'
import { connectToHost, type HostClient } from './hostClient.ts'

type Of<Name extends Command['command']> = Extract<Command, { command: Name }>

/** How long `down` waits for the host's process to be gone after its brokers are. */
const GONE_WITHIN_MS = 10_000

export async function status(command: Of<'status'>): Promise<number> {
  return withHost(command.directory, async ({ bridge, file }) => {
    const snapshot = await bridge.cluster.snapshot({})
    const underReplicated = snapshot.partitions.filter(each => each.inSyncReplicas.length < each.replicas.length)
    if (command.json) {
      const told = {
        bootstrap: snapshot.bootstrapServers,
        data: snapshot.dataDirectory,
        url: file.url,
        pid: file.pid,
        controller: snapshot.controllerId,
        brokers: snapshot.brokers.map(({ brokerId, state, pid, port, directory, logDirs }) => ({
          id: brokerId,
          state,
          pid,
          port,
          dir: directory,
          logDirs,
        })),
        links: snapshot.links,
        partitions: snapshot.partitions.length,
        withoutLeader: snapshot.partitions.filter(({ leader }) => leader === null).map(({ topic, partition }) => ({ topic, partition })),
        underReplicated: underReplicated.map(({ topic, partition, inSyncReplicas }) => ({ topic, partition, inSyncReplicas })),
      }
      process.stdout.write(`${JSON.stringify(told)}\n`)
    } else process.stdout.write(describe(snapshot, file.url, underReplicated.length))
    return 0
  })
}

function describe(snapshot: ClusterSnapshot, url: string, underReplicated: number): string {
  const lines = snapshot.brokers.flatMap(broker => {
    const role = broker.isController ? '  controller' : ''
    const pid = broker.pid === null ? '' : `  pid ${broker.pid}`
    const line = `Broker ${broker.brokerId}  ${broker.state.padEnd(8)}  ${broker.host}:${broker.port}${pid}${role}${broker.reason === null ? '' : `  (${broker.reason})`}`
    return [line, ...broker.logDirs.flatMap(troubleOf)]
  })
  const leaderless = snapshot.partitions.filter(each => each.leader === null).length
  const partitions = `${snapshot.partitions.length} partitions, ${underReplicated} under-replicated, ${leaderless} without a leader`
  return `${[...lines, ...snapshot.links.map(describeLink), partitions, `App  ${url}`].join('\n')}\n`
}

function describeLink({ from, to, cut, delayMs, drop }: FaultyLink): string {
  const name = (end: FaultyLink['from']) => (end === 'clients' ? end : `broker ${end}`)
  const faults = [
    cut ? 'cut' : '',
    delayMs > 0 ? `delayed by ${delayMs} ms` : '',
    drop > 0 ? `drops ${Number((drop * 100).toPrecision(3))} %` : '',
  ]
  return `Link from ${name(from)} to ${name(to)}  ${faults.filter(Boolean).join(', ')}`
}

function troubleOf({ path, state, problem }: LogDir): string[] {
  if (state === 'full') return [`  the disk is full: ${path}  (writing goes on when there is space)`]
  if (state === 'offline') return [`  offline: ${path}  (${problem}; when the disk is well, restart the broker)`]
  return []
}

export async function verb(command: Of<Verb>): Promise<number> {
  const { brokerIds, directory } = command
  return withHost(directory, async ({ bridge }) => {
    // Together: where none runs, one alone would wait for the others.
    const done = await Promise.allSettled(brokerIds.map(brokerId => act(bridge, command, brokerId)))
    const problems = done.flatMap(each => (each.status === 'rejected' ? [each.reason as unknown] : []))
    for (const problem of problems) process.stderr.write(`trilog: ${problem instanceof Error ? problem.message : String(problem)}\n`)
    const missing = problems.map(missingVoters).find(each => each !== undefined)
    if (missing !== undefined) process.stderr.write(`        Start them together: trilog restart ${missing} --data ${directory}\n`)
    return problems.length === 0 ? 0 : 1
  })
}

async function act({ cluster }: HostClient['bridge'], { command, wipe }: Of<Verb>, brokerId: number): Promise<void> {
  const one = { brokerId }
  switch (command) {
    case 'stop':
      return cluster.stop(one)
    case 'kill':
      return cluster.kill(one)
    case 'pause':
      return cluster.pause(one)
    case 'resume':
      return cluster.resume(one)
    case 'restart':
      return wipe ? cluster.wipe(one) : cluster.restart(one)
  }
}

/** The voters that a start waits for, as words of a command line. */
function missingVoters(problem: unknown): string | undefined {
  if (!(problem instanceof BridgeError) || problem.code !== 'NO_QUORUM') return undefined
  return String(problem.details['missing']).replaceAll(', ', ' ')
}

export async function link({ directory, a, b, fault, oneWay }: Of<'link'>): Promise<number> {
  return withHost(directory, async ({ bridge }) => {
    await bridge.cluster.link({ a, b, fault, oneWay })
    return 0
  })
}

export async function down(command: Of<'down'>): Promise<number> {
  const client = await connectToHost(command.directory)
  if (client === undefined) return command.deleteData ? deleteStopped(command.directory) : noCluster(command.directory)
  // The host ends when it has stopped its brokers, and with it this connection: the end of the connection is not a failure.
  await client.bridge.cluster.shutdown({ deleteData: command.deleteData }).catch((error: unknown) => {
    if ((error as { code?: string }).code !== 'BRIDGE_CLOSED') throw error
  })
  client.close()
  const { pid } = client.file
  const deadline = performance.now() + GONE_WITHIN_MS
  while (isAlive(pid) && performance.now() < deadline) await new Promise(resolve => setTimeout(resolve, 20))
  if (!isAlive(pid)) return 0
  process.stderr.write(`The brokers have stopped, but their host (pid ${pid}) has not ended within ${GONE_WITHIN_MS / 1000} s\n`)
  return 1
}

/** Deletes the cluster of a folder in which none runs. Only what a cluster made there: the folder may have been named by mistake. */
async function deleteStopped(directory: string): Promise<number> {
  const { disk, random } = nodeEnv()
  if ((await disk.stat(directory)) === undefined) return noCluster(directory)
  const folder = new ClusterFolder({ disk, random }, directory)
  const lock = await folder.hold()
  try {
    return (await folder.remove()) ? 0 : noCluster(directory)
  } finally {
    await lock.release()
  }
}

function noCluster(directory: string): number {
  process.stderr.write(`No cluster runs in ${directory}. Start one with \`trilog up\`, or name its folder with --data\n`)
  return 1
}

async function withHost(directory: string, act: (client: HostClient) => Promise<number>): Promise<number> {
  const client = await connectToHost(directory)
  if (client === undefined) return noCluster(directory)
  try {
    return await act(client)
  } finally {
    client.close()
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
