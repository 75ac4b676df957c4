import { describe, expect, it } from 'vitest'
import { silentLogger } from '../base/logger.ts'
import { UNASSIGNED_DIRECTORY } from '../base/uuid.ts'
import { uuidOf } from '../metadata/builders.ts'
import { errorName } from '../protocol/errors.ts'
import { AlterPartition } from '../protocol/messages/alterPartition.ts'
import { AssignReplicasToDirs } from '../protocol/messages/assignReplicasToDirs.ts'
import { CreateTopics } from '../protocol/messages/createTopics.ts'
import type { AnyApi, RequestOf, ResponseInput } from '../protocol/schema.ts'
import { type World, simulatedWorld } from '../simulation/world.ts'
import { bind, byApiKey, type Call } from '../wire/handler.ts'
import { AQuorum } from './aQuorum.ts'
import { aHeartbeat, anAssignment, aRegistration, creationOf } from './builders.ts'
import { Controller } from './controller.ts'
import { type ControllerConfig, controllerConfigOf } from './controllerConfig.ts'
import { controllerHandlers } from './handlers/index.ts'

const SESSION_MS = 2000
const GRACE_MS = 150

/** A controller that leads from the start, in a world whose time passes only when told to. */
class Setting {
  readonly world: World = simulatedWorld(1)
  readonly quorum = new AQuorum()
  readonly controller: Controller
  readonly #handlers

  constructor(config: Partial<ControllerConfig> = {}, { incarnationId = uuidOf('first-1') } = {}) {
    const statics = new Map([['broker.session.timeout.ms', String(SESSION_MS)]])
    this.controller = new Controller(this.world.env('one'), {
      quorum: this.quorum,
      incarnationId,
      committed: () => this.quorum.committed,
      config: controllerConfigOf('a-cluster', statics, { disconnectGraceMs: GRACE_MS, autoLeaderRebalanceEnable: false, ...config }),
      logger: silentLogger,
    })
    this.#handlers = byApiKey(bind(controllerHandlers, { controller: this.controller }))
    this.quorum.elect()
  }

  ask<A extends AnyApi>(api: A, request: RequestOf<A>): Promise<ResponseInput<A>> {
    const call = { apiVersion: api.versions[1], connectionId: 1 } as Call
    return Promise.resolve(this.#handlers.get(api.key)!.answer(request, call) as Promise<ResponseInput<A>>)
  }

  /** Registers a broker over the connection of its own number, and unfences it. */
  async join(...brokerIds: number[]): Promise<void> {
    for (const brokerId of brokerIds) {
      const { brokerEpoch } = await this.controller.register(
        aRegistration(brokerId, { incarnationId: uuidOf(`first-${brokerId}`) }),
        brokerId,
      )
      await this.beat(brokerId, { brokerEpoch: brokerEpoch! })
    }
  }

  beat(brokerId: number, given: Parameters<typeof aHeartbeat>[1] = {}, connectionId = brokerId) {
    const brokerEpoch = this.image.brokers.get(brokerId)?.brokerEpoch ?? -1
    const currentMetadataOffset = this.image.lastAppliedOffset
    return this.controller.heartbeat(aHeartbeat(brokerId, { brokerEpoch, currentMetadataOffset, ...given }), connectionId)
  }

  /** Lets time pass in which the named brokers heartbeat. */
  async pass(ms: number, ...beating: number[]): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      await this.world.run(100)
      for (const brokerId of beating) await this.beat(brokerId)
    }
  }

  get image() {
    return this.quorum.committed
  }

  fenced(): number[] {
    return [...this.image.brokers.values()].filter(broker => broker.fenced).map(broker => broker.brokerId)
  }
}

const errorsOf = (response: ResponseInput<typeof CreateTopics>) => response.topics.map(topic => errorName(topic.errorCode))

describe('an active controller', () => {
  it('begins an empty log with the levels of its features, and the min.insync.replicas it was started with', () => {
    const { image } = new Setting()
    expect([...image.features]).toEqual([
      ['metadata.version', 25],
      ['eligible.leader.replicas.version', 1],
    ])
    expect([...image.configsOf(4, '')]).toEqual([['min.insync.replicas', '1']])
  })

  it('adds no feature to a log that was begun without', () => {
    const setting = new Setting()
    setting.image.features.delete('eligible.leader.replicas.version')
    setting.quorum.depose()
    setting.quorum.elect()
    expect([...setting.image.features.keys()]).toEqual(['metadata.version'])
  })

  it('gives a broker the offset of its registration as epoch', async () => {
    const setting = new Setting()
    const { brokerEpoch } = await setting.controller.register(aRegistration(1), 1)
    expect(brokerEpoch).toBe(4) // after the LeaderChange and the first three records
    expect(setting.image.brokers.get(1)).toMatchObject({ brokerEpoch: 4, fenced: true })
    expect(await setting.beat(1)).toMatchObject({ isFenced: false })
  })

  it('answers when what it decided is committed, and decides on the newest state before', async () => {
    const setting = new Setting()
    await setting.join(1, 2, 3)
    setting.quorum.commitsAtOnce = false
    let answered = 0
    const first = setting.ask(CreateTopics, creationOf({ name: 'orders' })).finally(() => answered++)
    const second = setting.ask(CreateTopics, creationOf({ name: 'orders' })).finally(() => answered++)
    await setting.world.run(100)
    expect([answered, setting.image.topicsByName.size]).toEqual([0, 0])
    setting.quorum.commit()
    expect(errorsOf(await first)).toEqual(['NONE'])
    expect(errorsOf(await second)).toEqual(['TOPIC_ALREADY_EXISTS'])
  })

  it('forgets what was not committed when it is deposed', async () => {
    const setting = new Setting()
    await setting.join(1, 2, 3)
    setting.quorum.commitsAtOnce = false
    const lost = setting.ask(CreateTopics, creationOf({ name: 'lost' }))
    const refused = setting.ask(CreateTopics, creationOf({ name: 'lost' }))
    setting.quorum.depose()
    expect(errorsOf(await lost)).toEqual(['NOT_CONTROLLER'])
    expect(errorsOf(await refused)).toEqual(['NOT_CONTROLLER'])
    expect(errorsOf(await setting.ask(CreateTopics, creationOf({ name: 'later' })))).toEqual(['NOT_CONTROLLER'])
    expect(setting.controller.isActive).toBe(false)

    setting.quorum.commitsAtOnce = true
    setting.quorum.elect()
    expect(errorsOf(await setting.ask(CreateTopics, creationOf({ name: 'lost' })))).toEqual(['NONE'])
  })

  it('answers every API of its with NOT_CONTROLLER when it is not active', async () => {
    const setting = new Setting()
    setting.quorum.depose()
    const empty: Record<string, unknown> = {
      topics: [{ name: 't', partitions: [], topicId: uuidOf('t') }],
      topicNames: [],
      resources: [{ resourceType: 2, resourceName: 't', configs: [] }],
      entries: [{ entity: [], ops: [] }],
      deletions: [{ name: 'alice', mechanism: 1 }],
      upsertions: [],
    }
    for (const { api } of controllerHandlers) {
      const answer = JSON.stringify(await setting.ask(api, empty))
      expect(answer, api.name).toContain('"errorCode":41')
    }
  })
})

describe('a broker', () => {
  it('is fenced when its heartbeats cease', async () => {
    const setting = new Setting()
    await setting.join(1, 2)
    await setting.pass(SESSION_MS + 200, 2)
    expect(setting.fenced()).toEqual([1])
    expect(await setting.beat(1)).toMatchObject({ isFenced: false })
    expect(setting.fenced()).toEqual([])
  })

  it('is fenced soon when its connection closes', async () => {
    const setting = new Setting()
    await setting.join(1, 2)
    setting.controller.connectionClosed(1)
    await setting.world.run(GRACE_MS - 10)
    expect(setting.fenced()).toEqual([])
    await setting.world.run(20)
    expect(setting.fenced()).toEqual([1])
  })

  it('is not fenced when it comes back over another connection', async () => {
    const setting = new Setting()
    await setting.join(1)
    setting.controller.connectionClosed(1)
    await setting.world.run(GRACE_MS / 2)
    await setting.beat(1, {}, 77)
    setting.controller.connectionClosed(1)
    await setting.pass(SESSION_MS / 2)
    expect(setting.fenced()).toEqual([])
  })

  it('may be replaced by a new process once its connection is closed, and not before', async () => {
    const setting = new Setting()
    await setting.join(1)
    const next = aRegistration(1, { incarnationId: uuidOf('second') })
    expect(errorName((await setting.controller.register(next, 5)).errorCode)).toBe('DUPLICATE_BROKER_REGISTRATION')
    setting.controller.connectionClosed(1)
    expect(errorName((await setting.controller.register(next, 5)).errorCode)).toBe('NONE')
    expect(setting.fenced()).toEqual([1])
  })

  it('is not fenced because the controller stood still', async () => {
    const setting = new Setting()
    await setting.join(1)
    setting.world.freeze('one')
    await setting.world.run(SESSION_MS + 500)
    setting.world.thaw('one')
    await setting.world.run(GRACE_MS / 2)
    expect(setting.fenced()).toEqual([])
    await setting.beat(1)
    await setting.world.run(SESSION_MS / 2)
    expect(setting.fenced()).toEqual([])
    await setting.world.run(SESSION_MS)
    expect(setting.fenced()).toEqual([1])
  })

  it('may be replaced by a new process when the controller knows it from the log only', async () => {
    const setting = new Setting()
    await setting.join(1)
    setting.quorum.depose()
    setting.quorum.elect()
    const next = aRegistration(1, { incarnationId: uuidOf('second') })
    expect(errorName((await setting.controller.register(next, 5)).errorCode)).toBe('NONE')
  })

  it('gets a whole session to show up before a new controller, unless it was seen to go', async () => {
    const setting = new Setting()
    await setting.join(1, 2, 3)
    setting.quorum.depose()
    setting.controller.peerDisconnected(3)
    setting.quorum.elect()
    await setting.pass(GRACE_MS + 50, 1)
    expect(setting.fenced()).toEqual([3])
    await setting.pass(SESSION_MS, 1)
    expect(setting.fenced()).toEqual([2, 3])
  })

  it('whose process is that of the new controller is fenced before anything else, when it was registered in a former life', async () => {
    const setting = new Setting({}, { incarnationId: uuidOf('second') })
    await setting.join(1, 2)
    await setting.ask(CreateTopics, creationOf({ name: 'orders', replicationFactor: 2 }))
    const orders = () => setting.image.topicsByName.get('orders')!.partitions[0]!
    expect(orders().isr).toEqual([1, 2])
    setting.quorum.depose()
    setting.controller.peerDisconnected(2)
    setting.quorum.elect()
    expect(setting.fenced()).toEqual([1])
    expect(orders()).toMatchObject({ leader: 2, isr: [2] })
    // So that whoever has all that was acknowledged is the last one, when it is fenced too.
    await setting.world.run(GRACE_MS + 50)
    expect(setting.fenced()).toEqual([1, 2])
    expect(orders()).toMatchObject({ leader: -1, isr: [], elr: [2] })
  })

  it('whose process is that of the new controller stays when it is registered by this process', async () => {
    const setting = new Setting()
    await setting.join(1)
    setting.quorum.depose()
    setting.quorum.elect()
    expect(setting.fenced()).toEqual([])
  })

  it('is let go when its leaderships have moved and the others know', async () => {
    const setting = new Setting()
    await setting.join(1, 2)
    await setting.ask(CreateTopics, creationOf({ name: 'orders', numPartitions: 2, replicationFactor: 2 }))
    const before = setting.image.lastAppliedOffset
    expect(await setting.beat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: false })
    expect(setting.image.topicsByName.get('orders')!.partitions.map(partition => partition.leader)).toEqual([2, 2])
    await setting.beat(2, { currentMetadataOffset: before })
    expect(await setting.beat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: false })
    await setting.beat(2)
    expect(await setting.beat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: true, isFenced: true })
    expect(setting.fenced()).toEqual([1])
  })

  it('is let go by another controller than the one that moved its leaderships', async () => {
    const setting = new Setting()
    await setting.join(1, 2)
    await setting.ask(CreateTopics, creationOf({ name: 'orders', numPartitions: 2, replicationFactor: 2 }))
    const before = setting.image.lastAppliedOffset
    await setting.beat(1, { wantShutDown: true })
    setting.quorum.depose()
    setting.quorum.elect()
    expect(await setting.beat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: false })
    await setting.beat(2, { currentMetadataOffset: before })
    expect(await setting.beat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: false })
    await setting.beat(2)
    expect(await setting.beat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: true, isFenced: true })
  })
})

it('moves leaders out of a log folder that failed, and learns where replicas are', async () => {
  const setting = new Setting()
  const logDirs = [uuidOf('fine'), uuidOf('bad')]
  const { brokerEpoch = -1 } = await setting.controller.register(aRegistration(1, { logDirs }), 1)
  await setting.beat(1)
  await setting.join(2)
  const assignments = [{ partitionIndex: 0, brokerIds: [1, 2] }]
  await setting.ask(CreateTopics, creationOf({ name: 'orders', numPartitions: -1, replicationFactor: -1, assignments }))
  const { topicId } = setting.image.topicsByName.get('orders')!
  const orders = () => setting.image.partition(topicId, 0)
  expect(orders()).toMatchObject({ leader: 1, directories: [UNASSIGNED_DIRECTORY, uuidOf('directory-2')] })

  const answer = await setting.ask(AssignReplicasToDirs, anAssignment(1, [uuidOf('bad')], { brokerEpoch, topicId }))
  expect(answer).toMatchObject({
    errorCode: 0,
    directories: [{ topics: [{ topicId, partitions: [{ partitionIndex: 0, errorCode: 0 }] }] }],
  })
  expect(orders()).toMatchObject({ leader: 1, directories: [uuidOf('bad'), uuidOf('directory-2')] })

  expect(await setting.beat(1, { offlineLogDirs: [uuidOf('bad')] })).toMatchObject({ isFenced: false })
  expect(setting.image.brokers.get(1)?.directories).toEqual([uuidOf('fine')])
  expect(orders()).toMatchObject({ leader: 2, isr: [2] })
})

it('gives leadership back after a while', async () => {
  const setting = new Setting({ autoLeaderRebalanceEnable: true, leaderImbalanceCheckIntervalMs: 1000 })
  await setting.join(1, 2)
  const assignments = [{ partitionIndex: 0, brokerIds: [1, 2] }]
  await setting.ask(CreateTopics, creationOf({ name: 'orders', numPartitions: -1, replicationFactor: -1, assignments }))
  const orders = () => setting.image.topicsByName.get('orders')!.partitions[0]!
  setting.controller.connectionClosed(1)
  await setting.pass(200, 2)
  expect(orders()).toMatchObject({ leader: 2, isr: [2] })
  await setting.beat(1)
  await setting.pass(1500, 1, 2)
  expect(orders().leader).toBe(2) // not in sync yet

  const { brokerEpoch } = setting.image.brokers.get(2)!
  const { topicId } = setting.image.topicsByName.get('orders')!
  const { leaderEpoch, partitionEpoch } = orders()
  const asked = { partitionIndex: 0, leaderEpoch, partitionEpoch, newIsr: [1, 2], newIsrWithEpochs: [], leaderRecoveryState: 0 }
  await setting.ask(AlterPartition, { brokerId: 2, brokerEpoch, topics: [{ topicId, partitions: [asked] }] })
  await setting.pass(1200, 1, 2)
  expect(orders()).toMatchObject({ leader: 1, isr: [1, 2] })
})

it('decides nothing once stopped', async () => {
  const setting = new Setting()
  setting.controller.stop()
  setting.quorum.elect()
  expect(setting.controller.isActive).toBe(false)
  expect(errorsOf(await setting.ask(CreateTopics, creationOf({ name: 'orders' })))).toEqual(['NOT_CONTROLLER'])
})
