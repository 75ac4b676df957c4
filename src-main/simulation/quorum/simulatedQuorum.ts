import { silentLogger } from '../../base/logger.ts'
import { ZERO_UUID } from '../../base/uuid.ts'
import { NetworkError, type Address, type Clock, type Env } from '../../env/env.ts'
import { ByteReader } from '../../protocol/byteReader.ts'
import { written } from '../../protocol/byteWriter.ts'
import { encodeQuorumState, QUORUM_STATE_FILE } from '../../protocol/files/quorumState.ts'
import { Fetch } from '../../protocol/messages/fetch.ts'
import { applyRecords } from '../../metadata/delta.ts'
import { MetadataImage } from '../../metadata/image.ts'
import { recordsOf } from '../../metadata/snapshot.ts'
import { UpdateRaftVoter } from '../../protocol/messages/updateRaftVoter.ts'
import type { MetadataRecordInput } from '../../protocol/messages/metadataRecords.ts'
import { type AnyApi, type Codec, type RequestInput, type ResponseOf, versionOf } from '../../protocol/schema.ts'
import { quorumHandlers } from '../../quorum/handlers/index.ts'
import {
  type CommittedBatch,
  defaultQuorumConfig,
  type LoadedSnapshot,
  NotLeader,
  Quorum,
  type QuorumConfig,
  type SendToPeer,
} from '../../quorum/quorum.ts'
import type { QuorumLog } from '../../quorum/quorumLog.ts'
import { type BoundHandler, bind, byApiKey, type Call, handlerFor } from '../../wire/handler.ts'
import type { SeededRandom } from '../seededRandom.ts'
import { simulatedWorld, type World } from '../world.ts'
import { type LogMedium, losePower, MemoryLog } from './memoryLog.ts'

export interface QuorumScenario {
  readonly seed: number
  /** Probability that a request or an answer is lost without a sign. */
  readonly packetLoss?: number
  /** One way, [from, to) in ms. */
  readonly latencyMs?: readonly [number, number]
  readonly config?: Partial<QuorumConfig>
  /** Breaks a rule on purpose, to see whether the invariants notice. */
  readonly mutation?: Mutation
  /** Nodes that are no voters; their ids come after the voters'. */
  readonly observers?: number
  /** False: nobody made the cluster, so that no disk says that it is new. */
  readonly isFormatted?: boolean
  /** Otherwise a log without files. */
  readonly openLog?: OpenLog
}

export type OpenLog = (env: Env, directory: string) => Promise<QuorumLog>

export type Mutation =
  /** The quorum-state file is never written. */
  | 'epochsAreForgotten'
  /** It is written without the vote. */
  | 'votesAreForgotten'
  /** A sync does nothing. */
  | 'syncsAreSkipped'
  /** A candidate claims to have all records. */
  | 'anyLogWins'
  /** A leader tells its followers that all it has is committed. */
  | 'leaderCommitsAlone'
  /** A disk that was replaced looks like one that was never used: what static voters are in Kafka. */
  | 'newcomersVote'
  /** What a newcomer fetches counts as what a voter has. */
  | 'newcomersCount'
  /** A leader lets a newcomer in without having committed anything for it. */
  | 'newcomersAreLetInAtOnce'
  /** Some of what a snapshot is to be made of is left out. */
  | 'snapshotsAreNotWhole'

export interface SimulatedVoter {
  readonly id: number
  readonly name: string
  readonly medium: LogMedium
  /** `undefined` while the process is down. */
  quorum: Quorum | undefined
  env: Env | undefined
  handlers: ReadonlyMap<number, BoundHandler>
  /** Counts lives. */
  lives: number
  /** How often its disk was replaced. */
  replacedDisks: number
  /** What its disk had is gone, and it has not learnt it again. */
  isForgetful: boolean
  directoryId: string
  /** How many of the committed batches this life has, by themselves or in a snapshot. */
  delivered: number
  /** What they add up to. */
  image: MetadataImage
  /** Where those begin and end that this life went on from, the one it started with included. */
  readonly snapshots: { from: number; endOffset: number }[]
  highWatermark: number
  /** The highest epoch this node ever showed to another, in any life. */
  shownEpoch: number
  failure: Error | undefined
}

const NO_VOTE = { leaderId: -1, leaderEpoch: 0, votedId: -1, votedDirectoryId: ZERO_UUID }
const directoryIdOf = (id: number, disk: number): string => `${String(id).padStart(2, '0')}x${String(disk).padStart(4, '0')}xSimulatedDiskA`

const DIRECTORY = '/data/__cluster_metadata-0'
const CLUSTER_ID = 'simulatedQuorumAAAAAAA'

/** A quorum of `size` voters, and maybe observers, in one seeded world. Messages cross as bytes, and may be late or lost. */
export class SimulatedQuorum {
  readonly world: World
  readonly size: number
  /** Observers too, behind the voters. */
  readonly voters: readonly SimulatedVoter[]
  /** What is committed, as the first node that learnt of it saw it: every other one has to see the same. */
  readonly committed: string[] = []
  /** By where a committed batch ends: which it is, and what all up to it add up to. */
  readonly #states = new Map<number, { readonly count: number; readonly state: string }>()
  readonly acknowledged = new Set<string>()
  readonly #scenario: QuorumScenario
  readonly #chance: SeededRandom
  readonly #wire: Clock
  readonly #cuts = new Set<string>()
  readonly #slow = new Map<string, number>()
  readonly #leaders = new Map<number, number>()
  /** Requests a node has under way, to be failed when the other end crashes. */
  readonly #underWay = new Set<{ readonly to: number; readonly fail: (why: Error) => void }>()
  #appends = 0
  /** By the epoch in which a node first knew it: where what is committed ends. */
  readonly #committedEnds: number[] = []
  #violation: string | undefined
  packetLoss: number

  constructor(size: number, scenario: QuorumScenario) {
    this.world = simulatedWorld(scenario.seed)
    this.#scenario = scenario
    this.#chance = this.world.random.fork('messages')
    this.#wire = this.world.env('wire').clock
    this.packetLoss = scenario.packetLoss ?? 0
    this.size = size
    this.voters = Array.from({ length: size + (scenario.observers ?? 0) }, (_, index) => ({
      id: index + 1,
      name: `voter-${index + 1}`,
      medium: { batches: [], synced: 0, base: 0 },
      quorum: undefined,
      env: undefined,
      handlers: new Map(),
      lives: 0,
      replacedDisks: 0,
      isForgetful: scenario.isFormatted === false && index < size,
      directoryId: directoryIdOf(index + 1, 0),
      delivered: 0,
      image: new MetadataImage(),
      snapshots: [],
      highWatermark: 0,
      shownEpoch: -1,
      failure: undefined,
    }))
    this.world.always(() => this.#check())
  }

  get addresses(): ReadonlyMap<number, Address> {
    return new Map(this.voters.filter(each => this.isVoter(each)).map(({ id }) => [id, { host: '127.0.0.1', port: 19_092 + id }]))
  }

  isVoter({ id }: Pick<SimulatedVoter, 'id'>): boolean {
    return id <= this.size
  }

  voter(id: number): SimulatedVoter {
    return this.voters[id - 1]!
  }

  startAll(): void {
    for (const { id, env } of this.voters) if (env === undefined) this.start(id)
  }

  /** The process starts; what it does then is up to the world. */
  start(id: number): void {
    const voter = this.voter(id)
    const env = this.world.env(voter.name)
    voter.env = env
    voter.lives += 1
    voter.delivered = 0
    voter.image = new MetadataImage()
    voter.highWatermark = 0
    void this.#launch(voter, env)
  }

  async #launch(voter: SimulatedVoter, env: Env): Promise<void> {
    const { mutation, openLog = () => Promise.resolve(new MemoryLog(env, voter.medium)) } = this.#scenario
    await env.disk.makeDirectory(DIRECTORY)
    const isNew = (voter.replacedDisks === 0 && this.#scenario.isFormatted !== false) || mutation === 'newcomersVote'
    if (isNew && this.isVoter(voter) && (await env.disk.stat(`${DIRECTORY}/${QUORUM_STATE_FILE}`)) === undefined)
      await env.disk.replaceFile(`${DIRECTORY}/${QUORUM_STATE_FILE}`, encodeQuorumState(NO_VOTE))
    const log = await openLog(env, DIRECTORY)
    if (mutation === 'syncsAreSkipped') log.flush = () => Promise.resolve()
    const disk = { ...env.disk, ...brokenDisk(mutation, env) }
    const quorum = new Quorum(
      { clock: env.clock, random: env.random, disk },
      {
        nodeId: voter.id,
        clusterId: CLUSTER_ID,
        directoryId: voter.directoryId,
        voters: this.addresses,
        log,
        directory: DIRECTORY,
        config: { ...defaultQuorumConfig, ...this.#scenario.config },
        send: this.#sendFrom(voter, env),
        state: () => {
          const records = [...recordsOf(voter.image)]
          return mutation === 'snapshotsAreNotWhole' ? records.slice(1) : records
        },
        logger: silentLogger,
        onFailure: cause => {
          voter.failure = cause
        },
      },
    )
    quorum.onCommitted(batch => this.#onCommitted(voter, batch))
    quorum.onSnapshot(snapshot => this.#onSnapshot(voter, snapshot))
    const fetch = handlerFor<{ quorum: Quorum }>()(Fetch, request => quorum.fetchMetadata(request))
    voter.handlers = byApiKey(bind([...quorumHandlers, fetch], { quorum }))
    await quorum.start()
    voter.quorum = quorum
  }

  /** The process is killed, or with `loseUnsynced` the power fails. Unless `silently`, its peers see their connections break. */
  crash(id: number, how: { readonly loseUnsynced?: boolean; readonly silently?: boolean } = {}): void {
    const voter = this.voter(id)
    this.world.crash(voter.name, { loseUnsynced: how.loseUnsynced === true })
    if (how.loseUnsynced === true) losePower(voter.medium, bound => this.#chance.below(bound))
    voter.quorum = undefined
    voter.env = undefined
    voter.handlers = new Map()
    if (how.silently === true) return
    for (const request of this.#underWay) {
      if (request.to === id) request.fail(new NetworkError('ECONNRESET', `voter ${id} is gone`))
    }
    for (const peer of this.voters) if (peer.id !== id && !this.isCut(id, peer.id)) peer.quorum?.peerDisconnected(id)
  }

  /** What a process that is down will find when it starts again: nothing. With `keepsDirectoryId` only the metadata log's own folder is gone. */
  replaceDisk(id: number, { keepsDirectoryId = false } = {}): void {
    const voter = this.voter(id)
    voter.replacedDisks += 1
    voter.isForgetful = this.isVoter(voter)
    if (!keepsDirectoryId) voter.directoryId = directoryIdOf(id, voter.replacedDisks)
    this.world.disk(voter.name).wipe()
    Object.assign(voter.medium, { batches: [], synced: 0, base: 0 })
    voter.shownEpoch = -1
  }

  cut(from: number, to: number): void {
    this.#cuts.add(`${from}→${to}`)
  }

  cutOff(id: number): void {
    for (const peer of this.voters) {
      this.cut(id, peer.id)
      this.cut(peer.id, id)
    }
  }

  /** What goes this way takes so much longer. */
  slowDown(from: number, to: number, byMs: number): void {
    this.#slow.set(`${from}→${to}`, byMs)
  }

  heal(): void {
    this.#cuts.clear()
    this.#slow.clear()
  }

  isCut(from: number, to: number): boolean {
    return this.#cuts.has(`${from}→${to}`)
  }

  /** The node that leads in the highest epoch. */
  get leader(): Quorum | undefined {
    const leading = this.voters.flatMap(({ quorum }) => (quorum?.role === 'leader' ? [quorum] : []))
    return leading.sort((one, other) => other.epoch - one.epoch)[0]
  }

  /** A leader, elected after `epoch`, that knows all that was committed before. */
  async electedLeader({ after = -1, withinMs = 20_000 }: { readonly after?: number; readonly withinMs?: number } = {}): Promise<Quorum> {
    await this.world.run(() => (this.leader?.epoch ?? -1) > after && this.leader?.hasCommittedOwnEpoch === true, withinMs)
    return this.leader!
  }

  /** Appends a record of its own through whoever believes to lead. Whether it was acknowledged shows in `acknowledged`. */
  appendThrough(quorum: Quorum): string {
    const name = `append-${++this.#appends}`
    try {
      const { committed } = quorum.append(someRecords(name, this.#appends))
      committed.then(
        () => this.#acknowledge(name),
        (why: unknown) => {
          if (!(why instanceof NotLeader)) throw why
        },
      )
    } catch (problem) {
      if (!(problem instanceof NotLeader)) throw problem
    }
    return name
  }

  #acknowledge(name: string): void {
    this.acknowledged.add(name)
    if (!this.committed.some(each => each.endsWith(` ${name}`))) this.#violate(`${name} was acknowledged and is not committed`)
  }

  #onCommitted(voter: SimulatedVoter, batch: CommittedBatch): void {
    const text = describe(batch)
    const place = voter.delivered++
    const known = this.committed[place]
    if (known === undefined) this.committed.push(text)
    else if (known !== text) this.#violate(`committed entries agree: ${voter.name} has "${text}" where another had "${known}"`)
    applyRecords(voter.image, batch.records)
    this.#hasState(voter, { endOffset: batch.lastOffset + 1, count: place + 1 })
  }

  #onSnapshot(voter: SimulatedVoter, { endOffset, records }: LoadedSnapshot): void {
    const known = this.#states.get(endOffset)
    if (known === undefined) return this.#violate(`snapshots are of what is committed: ${voter.name} has one that ends at ${endOffset}`)
    if (known.count < voter.delivered) this.#violate(`a snapshot never goes back: on ${voter.name} to ${endOffset}`)
    voter.snapshots.push({ from: voter.delivered, endOffset })
    voter.image = new MetadataImage()
    applyRecords(voter.image, records)
    voter.delivered = known.count
    this.#hasState(voter, { endOffset, count: known.count })
  }

  /** Whether what a node has at an offset came by replay or by a snapshot makes no difference. */
  #hasState(voter: SimulatedVoter, { endOffset, count }: { readonly endOffset: number; readonly count: number }): void {
    const { quorum } = voter
    if (quorum !== undefined && endOffset > (this.#committedEnds.at(-1) ?? 0)) this.#committedEnds[quorum.epoch] = endOffset
    const state = JSON.stringify([...recordsOf(voter.image)])
    const known = this.#states.get(endOffset)
    if (known === undefined) this.#states.set(endOffset, { count, state })
    else if (known.state !== state)
      this.#violate(`states agree: at ${endOffset} ${voter.name} has ${state} where another had ${known.state}`)
  }

  /** Voters that are up have delivered all that is committed. */
  get isInAgreement(): boolean {
    return this.voters.every(({ quorum, delivered }) => quorum === undefined || delivered === this.committed.length)
  }

  /** What is noticed inside a call of the code under test is told after the event, so that nobody can catch it. */
  #violate(message: string): void {
    this.#violation ??= message
  }

  #check(): void {
    if (this.#violation !== undefined) throw new Error(this.#violation)
    for (const voter of this.voters) {
      if (voter.failure !== undefined) throw new Error(`${voter.name} failed`, { cause: voter.failure })
      const { quorum } = voter
      if (quorum === undefined) continue
      if (quorum.role === 'leader') {
        const other = this.#leaders.get(quorum.epoch) ?? voter.id
        if (other !== voter.id) throw new Error(`one leader per epoch: voters ${other} and ${voter.id} both lead epoch ${quorum.epoch}`)
        if (!this.#leaders.has(quorum.epoch)) this.#checkLog(voter, quorum)
        this.#leaders.set(quorum.epoch, voter.id)
      }
      if (quorum.highWatermark < voter.highWatermark) {
        throw new Error(`the high watermark never goes back: on ${voter.name} from ${voter.highWatermark} to ${quorum.highWatermark}`)
      }
      voter.highWatermark = quorum.highWatermark
    }
  }

  /** A new leader has all that is known to have been committed in earlier epochs. */
  #checkLog({ name }: SimulatedVoter, { epoch, logEndOffset }: Quorum): void {
    const end = this.#committedEnds.findLast((known, earlier) => known !== undefined && earlier < epoch) ?? 0
    if (logEndOffset < end)
      throw new Error(`leaders are complete: the log of ${name} ends at ${logEndOffset}, below ${end} all is committed`)
  }

  /** What a node asks of others never speaks of an epoch below one it spoke of before, in this life or an earlier one. */
  #shows(voter: SimulatedVoter, message: unknown, kind: 'request' | 'answer'): void {
    const { standing } = voter.quorum ?? {}
    if (standing !== 'voter') {
      // Who has nothing to promise may forget what it heard.
      if (grantsVote(message)) this.#violate(`only voters vote: ${voter.name} is ${standing}`)
      return
    }
    // Before it asks for anything as a voter, it has written down that it is one. Of two it may be one before it has the records again.
    const hasAll = (): boolean => (voter.quorum?.highWatermark ?? 0) >= Math.max(0, ...this.#committedEnds.filter(end => end !== undefined))
    if (kind === 'request' && voter.isForgetful && (this.size > 2 || hasAll())) voter.isForgetful = false
    const epoch = epochIn(message)
    if (epoch === undefined) return
    // An answer may have been on its way for a while; a request is of this moment.
    if (kind === 'request' && epoch < voter.shownEpoch) {
      this.#violate(`epochs never fall: ${voter.name} speaks of ${epoch} after ${voter.shownEpoch}`)
    }
    voter.shownEpoch = Math.max(epoch, voter.shownEpoch)
  }

  #sendFrom(from: SimulatedVoter, env: Env): SendToPeer {
    return <A extends AnyApi>(to: number, api: A, given: RequestInput<A>, timeoutMs: number) =>
      new Promise<ResponseOf<A>>((resolve, reject) => {
        if (from.env !== env) return // this life has ended, and what it was about to do in the same moment is not done
        const timer = env.clock.after(timeoutMs, () => fail(new NetworkError('ETIMEDOUT', `voter ${to} did not answer`)))
        const request = { to, fail: (why: Error) => void env.clock.after(this.#delay(), () => fail(why)) }
        const fail = (why: Error): void => {
          this.#underWay.delete(request)
          timer.cancel()
          reject(why)
        }
        this.#underWay.add(request)
        const mutated = this.#mutate(api, given)
        if (this.#scenario.mutation === 'newcomersCount' && api.key === Fetch.key) this.#fetchUnderOwnId(from, mutated)
        this.#shows(from, mutated, 'request')
        const bytes = encoded(api.request, api, mutated)
        this.#carry(from.id, to, target => {
          if (target === undefined) return request.fail(new NetworkError('ECONNREFUSED', `voter ${to} is down`))
          const targetEnv = target.env!
          void this.#answer(target, api, bytes).then(answer => {
            if (answer === undefined || target.env !== targetEnv) return
            this.#carry(to, from.id, receiver => {
              if (receiver?.env !== env || !this.#underWay.delete(request)) return
              timer.cancel()
              resolve(decoded(api.response as Codec<ResponseOf<A>, never>, api, answer))
            })
          })
        })
      })
  }

  /** Hands over at the other end, after some time, unless the message gets lost. `undefined`: nobody is there. */
  #carry(from: number, to: number, arrive: (at: SimulatedVoter | undefined) => void): void {
    if (this.#chance.chance(this.packetLoss)) return
    // What is on its way arrives, whatever becomes of its sender.
    this.#wire.after(this.#delay() + (this.#slow.get(`${from}→${to}`) ?? 0), () => {
      if (this.isCut(from, to)) return
      const target = this.voter(to)
      // In the receiver's own time, so that a frozen or crashed one does not act.
      if (target.env === undefined || target.handlers.size === 0) arrive(undefined)
      else target.env.clock.after(0, () => arrive(target))
    })
  }

  async #answer(voter: SimulatedVoter, api: AnyApi, bytes: Buffer): Promise<Buffer | undefined> {
    const handler = voter.handlers.get(api.key)
    if (handler === undefined) return undefined
    const { env } = voter
    if (this.#scenario.mutation === 'newcomersAreLetInAtOnce' && api.key === UpdateRaftVoter.key) {
      const currentLeader = { leaderId: -1, leaderEpoch: -1, host: '', port: 0 }
      return encoded(api.response, api, { throttleTimeMs: 0, errorCode: 0, currentLeader })
    }
    const answer = await handler.answer(decoded(api.request, api, bytes), aCall(api))
    if (voter.env !== env) return undefined // what a life that ended was about to say, nobody hears
    const mutated = this.#mutate(api, answer)
    this.#shows(voter, mutated, 'answer')
    return encoded(api.response, api, mutated)
  }

  #fetchUnderOwnId({ id }: SimulatedVoter, request: unknown): void {
    Object.assign((request as { readonly replicaState: object }).replicaState, { replicaId: id })
  }

  /** Messages are plain values: a copy is made of what is on the way to the broken field. */
  #mutate(api: AnyApi, message: unknown): unknown {
    const { mutation } = this.#scenario
    const { topics, responses } = message as Message
    const partition = (topics ?? responses)?.[0]?.partitions[0]
    if (partition === undefined) return message
    const withPartition = (fields: Record<string, unknown>): unknown => {
      const list = [{ ...(topics ?? responses)![0], partitions: [{ ...partition, ...fields }] }]
      return { ...(message as Message), ...(topics === undefined ? { responses: list } : { topics: list }) }
    }
    if (mutation === 'anyLogWins' && (partition['lastOffset'] as number) > 0) {
      const epoch = partition['replicaEpoch'] as number
      return withPartition({ lastOffset: 1_000_000, lastOffsetEpoch: partition['preVote'] === true ? epoch : epoch - 1 })
    }
    if (mutation === 'leaderCommitsAlone' && responses !== undefined && api.key === Fetch.key && partition['errorCode'] === 0) {
      return withPartition({ highWatermark: 1_000_000 })
    }
    return message
  }

  #delay(): number {
    const [from, to] = this.#scenario.latencyMs ?? [0.1, 2]
    return this.#chance.between(from, to)
  }
}

function brokenDisk(mutation: Mutation | undefined, { disk }: Env): Partial<Env['disk']> {
  if (mutation === 'epochsAreForgotten') return { replaceFile: () => Promise.resolve() }
  if (mutation !== 'votesAreForgotten') return {}
  return {
    replaceFile: (path, bytes) => disk.replaceFile(path, Buffer.from(JSON.stringify({ ...JSON.parse(bytes.toString()), votedId: -1 }))),
  }
}

interface Message {
  readonly topics?: readonly { readonly partitions: readonly Record<string, unknown>[] }[]
  readonly responses?: readonly { readonly partitions: readonly Record<string, unknown>[] }[]
}

function grantsVote(message: unknown): boolean {
  return (message as Message).topics?.[0]?.partitions[0]?.['voteGranted'] === true
}

/** The epoch a node claims to be in, by a request or an answer. */
function epochIn(message: unknown): number | undefined {
  const { topics, responses } = message as Message
  const partition = (topics ?? responses)?.[0]?.partitions[0]
  const leader = partition?.['currentLeader'] as { readonly leaderEpoch: number } | undefined
  const epoch = partition?.['replicaEpoch'] ?? partition?.['currentLeaderEpoch'] ?? partition?.['leaderEpoch'] ?? leader?.leaderEpoch
  return epoch === -1 ? undefined : (epoch as number | undefined)
}

function encoded(codec: Codec<unknown, unknown>, api: AnyApi, value: unknown): Buffer {
  return written(to => codec.write(to, value, versionOf(api.versions[1], api.flexibleFrom)))
}

function decoded<T>(codec: Codec<T, never>, api: AnyApi, bytes: Buffer): T {
  return codec.read(new ByteReader(bytes), versionOf(api.versions[1], api.flexibleFrom))
}

/** A few configs are set again and again, and removed now and then: a state that stays small and rests on what came last. */
function someRecords(name: string, count: number): MetadataRecordInput[] {
  const config = (topic: number, key: number, value: string | null): MetadataRecordInput => ({
    type: 'ConfigRecord',
    resourceType: 2,
    resourceName: `topic-${topic}`,
    name: `config-${key}`,
    value,
  })
  return [...(count % 5 === 0 ? [config(count % 2, count % 4, null)] : []), config(count % 3, count % 11, name)]
}

function describe({ baseOffset, lastOffset, epoch, records }: CommittedBatch): string {
  return `${baseOffset}-${lastOffset}@${epoch} ${records.map(record => (record.type === 'ConfigRecord' ? (record.value ?? 'removed') : record.type)).join(' ')}`
}

function aCall(api: AnyApi): Call {
  return {
    apiVersion: api.versions[1],
    correlationId: 0,
    clientId: 'voter',
    clientHost: '127.0.0.1',
    listener: 'CONTROLLER',
    principal: 'User:ANONYMOUS',
    connectionId: 0,
    closed: new AbortController().signal,
    decided: () => {},
    spent: () => {},
    whenSent: () => {},
  }
}
