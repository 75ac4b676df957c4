import type { BrokerLoad, PlannedMove, PlanWish, ReassignmentPlan } from '../../contract/reassignments.ts'
import type { ClusterMetadata } from '../clusterMetadata.ts'
import { describeLogDirs, type LogDirs } from '../logDirs.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { KafkaError } from '../kafkaError.ts'
import { balance, drain, type Movable } from './balance.ts'

/** What of a plan is known before anything is asked of the brokers: what is where, and how large. */
interface Located extends Movable {
  readonly leader: number | null
}

/** Where replicas would be, and what has to be copied for that. Changes nothing. */
export async function planReassignment(client: KafkaClient, wish: PlanWish): Promise<ReassignmentPlan> {
  const cluster = await client.cluster()
  const sizes = await describeLogDirs(
    client,
    cluster.brokers.map(({ brokerId }) => brokerId),
    null,
  )
  return planFor(wish, cluster, sizes)
}

export function planFor(wish: PlanWish, { brokers, topics }: ClusterMetadata, sizes: LogDirs): ReassignmentPlan {
  const all = topics
    .filter(({ error }) => error === 'NONE')
    .flatMap(({ name, partitions }) =>
      partitions.map(({ partition, leader, replicas }): Located => ({
        topic: name,
        partition,
        leader,
        now: replicas,
        to: [...replicas],
        sizeBytes: sizes.get(leader ?? replicas[0] ?? -1, name, partition)?.sizeBytes ?? null,
      })),
    )
  const asked = chosen(wish, all)
  const stuck = change(wish, asked, brokers)
  const moves = asked.filter(each => stuck.has(each) || each.now.join() !== each.to.join())
  return { moves: moves.map(each => moveOf(each, stuck.has(each))), partitions: asked.length, brokers: loadsOf(all, brokers, sizes) }
}

function chosen(wish: PlanWish, all: readonly Located[]): Located[] {
  switch (wish.kind) {
    case 'balance': {
      const topics = wish.topics === null ? null : new Set(wish.topics)
      return all.filter(({ topic }) => topics?.has(topic) ?? true)
    }
    case 'drain':
      return all.filter(({ now }) => now.includes(wish.brokerId))
    case 'as': {
      const byName = new Map(all.map(each => [`${each.topic} ${each.partition}`, each]))
      return wish.placements.map(({ topic, partition }) => {
        const found = byName.get(`${topic} ${partition}`)
        if (found === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `There is no partition ${topic}-${partition}.`)
        return found
      })
    }
  }
}

function change(wish: PlanWish, asked: readonly Located[], brokers: ClusterMetadata['brokers']): ReadonlySet<Movable> {
  switch (wish.kind) {
    case 'balance':
      balance(asked, brokers)
      return new Set()
    case 'drain':
      return new Set(drain(asked, brokers, wish.brokerId))
    case 'as':
      for (const [index, { replicas }] of wish.placements.entries()) asked[index]!.to = replicas
      return new Set()
  }
}

function moveOf({ topic, partition, now, to, leader, sizeBytes }: Located, isStuck: boolean): PlannedMove {
  const copies = to.filter(id => !now.includes(id))
  return { topic, partition, replicas: to, now: [...now], leader, sizeBytes, copies, isStuck }
}

function loadsOf(all: readonly Located[], brokers: ClusterMetadata['brokers'], sizes: LogDirs): BrokerLoad[] {
  const alive = new Set(brokers.map(({ brokerId }) => brokerId))
  const loads = new Map<number, BrokerLoad>()
  const loadOf = (brokerId: number) => {
    let load = loads.get(brokerId)
    if (load === undefined) {
      const none = { replicasNow: 0, replicasThen: 0, preferredNow: 0, preferredThen: 0, bytesNow: 0, bytesThen: 0 }
      loads.set(brokerId, (load = { brokerId, isAlive: alive.has(brokerId), ...none }))
    }
    return load
  }
  for (const id of alive) loadOf(id)
  const plus = (sum: number | null, bytes: number | null | undefined) =>
    sum === null || bytes === null || bytes === undefined ? null : sum + bytes
  for (const { topic, partition, now, to, sizeBytes } of all) {
    for (const id of now) {
      const load = loadOf(id)
      load.replicasNow += 1
      load.bytesNow = plus(load.bytesNow, sizes.get(id, topic, partition)?.sizeBytes)
    }
    for (const id of to) {
      const load = loadOf(id)
      load.replicasThen += 1
      load.bytesThen = plus(load.bytesThen, sizes.get(id, topic, partition)?.sizeBytes ?? sizeBytes)
    }
    if (now[0] !== undefined) loadOf(now[0]).preferredNow += 1
    if (to[0] !== undefined) loadOf(to[0]).preferredThen += 1
  }
  return [...loads.values()].sort((one, other) => one.brokerId - other.brokerId)
}
