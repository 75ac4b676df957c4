import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../base/logger.ts'
import { METADATA_TOPIC_ID } from '../base/uuid.ts'
import type { Address, Connection, Listener } from '../env/env.ts'
import { nodeEnv } from '../env/node/env.ts'
import { Fetch } from '../protocol/messages/fetch.ts'
import { defaultLogConfig, PartitionLog } from '../storage/partitionLog.ts'
import { bind, byApiKey, handlerFor } from '../wire/handler.ts'
import { PeerLink } from '../wire/peerLink.ts'
import { serve, type ServedConnection } from '../wire/serve.ts'
import { quorumHandlers } from './handlers/index.ts'
import { defaultQuorumConfig, Quorum } from './quorum.ts'

interface Voter {
  readonly quorum: Quorum
  /** As a process that is killed: sockets break, nothing is said. */
  end(): Promise<void>
}

const env = nodeEnv()
let folder: string
const places = new Map<number, Place>()
let addresses: Map<number, Address>
const voters = new Map<number, Voter>()

/**
 * Where a voter is found, for the whole test: nobody else can take the port while the voter is away. Who comes then is hung up on.
 */
interface Place {
  readonly listener: Listener
  /** Whom the newcomers on this port are for. */
  accept: ((connection: Connection) => void) | undefined
}

async function makePlace(): Promise<Place> {
  const listener = await env.network.listen({ host: '127.0.0.1', port: 0 }, connection => {
    if (place.accept === undefined) connection.destroy()
    else place.accept(connection)
  })
  const place: Place = { listener, accept: undefined }
  return place
}

async function start(nodeId: number): Promise<Voter> {
  const directory = join(folder, `voter-${nodeId}`, '__cluster_metadata-0')
  const config = { ...defaultLogConfig, cleanupPolicy: [] }
  const log = await PartitionLog.open(env, {
    directory,
    topic: '__cluster_metadata',
    partition: 0,
    topicId: METADATA_TOPIC_ID,
    config,
    cleanShutdown: false,
    recoveryPoint: 0,
    logStartOffset: 0,
    log: silentLogger,
  })
  const links = new Map<string, PeerLink>()
  const linkTo = (to: number, purpose: 'fetch' | 'other'): PeerLink => {
    const name = `${purpose} ${to}`
    const link = links.get(name) ?? new PeerLink(env, addresses.get(to)!, { clientId: `voter-${nodeId}` })
    if (!links.has(name)) link.onDisconnect(() => quorum.peerDisconnected(to))
    links.set(name, link)
    return link
  }
  const quorum: Quorum = new Quorum(env, {
    nodeId,
    clusterId: 'quorumOverSocketsAAAAA',
    directoryId: `directoryOfVoter${nodeId}AAAAA`,
    voters: addresses,
    log,
    directory,
    config: { ...defaultQuorumConfig, electionTimeoutMs: 500, fetchTimeoutMs: 1_000 },
    // A fetch waits at the other end, and answers come in order: it has a connection of its own.
    send: (to, api, request, timeoutMs) => linkTo(to, api.key === Fetch.key ? 'fetch' : 'other').send(api, request, { timeoutMs }),
    logger: silentLogger,
  })
  const fetch = handlerFor<{ quorum: Quorum }>()(Fetch, (request, parts) => parts.quorum.fetchMetadata(request))
  const handlers = byApiKey(bind([...quorumHandlers, fetch], { quorum }))
  const served = new Set<ServedConnection>()
  const place = places.get(nodeId)!
  place.accept = connection => {
    served.add(
      serve(env, connection, {
        listener: 'CONTROLLER',
        handlers,
        maxRequestBytes: 16_777_216,
        maxPendingResponseBytes: 16_777_216,
        idleTimeoutMs: 600_000,
        log: silentLogger,
        onClose: closed => served.delete(closed),
      }),
    )
  }
  await quorum.start()
  const voter: Voter = {
    quorum,
    async end() {
      voters.delete(nodeId)
      for (const link of links.values()) link.close()
      place.accept = undefined
      for (const connection of served) connection.close()
      await quorum.stop()
      await log.close()
    },
  }
  voters.set(nodeId, voter)
  return voter
}

async function until(isSo: () => boolean, withinMs: number): Promise<void> {
  const started = env.clock.elapsed()
  while (!isSo()) {
    if (env.clock.elapsed() - started > withinMs) {
      const standings = [...voters].map(
        ([id, { quorum }]) => `${id} is a ${quorum.standing}, follows ${quorum.leaderId} in ${quorum.epoch}`,
      )
      throw new Error(`not within ${withinMs} ms: ${isSo.toString()}; ${standings.join('; ')}`)
    }
    await new Promise<void>(resolve => env.clock.after(2, resolve))
  }
}

const leader = (): Voter | undefined => [...voters.values()].find(({ quorum }) => quorum.hasCommittedOwnEpoch)

describe('a quorum over real sockets and files', () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quorum-'))
    for (const id of [1, 2, 3]) places.set(id, await makePlace())
    addresses = new Map([...places].map(([id, { listener }]) => [id, listener.address]))
  })

  afterEach(async () => {
    for (const voter of [...voters.values()]) await voter.end()
    for (const { listener } of places.values()) await listener.close()
    places.clear()
    await rm(folder, { recursive: true, force: true })
  })

  it('elects, commits, elects again when the leader ends, and takes the old one back', async () => {
    await Promise.all([1, 2, 3].map(start))
    await until(() => leader() !== undefined, 5_000)
    const first = leader()!.quorum
    const appends = Array.from({ length: 1_000 }, () => first.append([{ type: 'NoOpRecord' }]).committed)
    await Promise.all(appends)
    const { highWatermark } = first
    await until(() => [...voters.values()].every(({ quorum }) => quorum.highWatermark === highWatermark), 5_000)
    // Who began with an empty log votes only after the leader took it in: were it still on its way, one voter would be left, and no majority.
    await until(() => [...voters.values()].every(({ quorum }) => quorum.standing === 'voter'), 5_000)

    void voters.get(first.nodeId)!.end()
    await until(() => leader() !== undefined && leader()!.quorum !== first, 5_000)
    const again = await start(first.nodeId)
    const second = leader()!.quorum
    await second.append([{ type: 'NoOpRecord' }]).committed
    await until(() => again.quorum.highWatermark === second.highWatermark, 5_000)
    expect(again.quorum.leaderId).toBe(second.nodeId)
  })
})
