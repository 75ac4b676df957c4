import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { type ClusterSnapshot, ClusterUpdate, ReplicaState } from './cluster.ts'
import { afterUpdate, comparePartitions, type KnownSnapshot, updateTo } from './clusterUpdates.ts'

const offset = fc.option(fc.integer({ min: 0, max: 3 }))
const brokerId = fc.integer({ min: 1, max: 3 })
const partition = fc.record({
  topic: fc.constantFrom('a', 'a.b', 'B', 'ab', '__consumer_offsets'),
  partition: fc.integer({ min: 0, max: 11 }),
  isInternal: fc.boolean(),
  leader: fc.option(brokerId),
  leaderEpoch: fc.integer({ min: 0, max: 2 }),
  highWatermark: offset,
  inSyncReplicas: fc.array(brokerId, { maxLength: 3 }),
  replicas: fc.array(
    fc.record({
      brokerId,
      state: fc.constantFrom(...ReplicaState.options),
      problem: fc.option(fc.constantFrom('disk', 'damaged')),
      logStartOffset: offset,
      logEndOffset: offset,
      sizeBytes: offset,
    }),
    { maxLength: 3 },
  ),
  moved: fc.option(fc.record({ from: brokerId, to: brokerId, atMs: fc.integer({ min: 0, max: 2 }) })),
})
/** Snapshots that follow each other: most partitions of one are those of the one before. */
const history = fc
  .array(fc.array(partition, { maxLength: 8 }), { minLength: 1, maxLength: 8 })
  .chain(rounds =>
    fc.tuple(
      fc.constant(rounds),
      fc.array(fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }), { minLength: rounds.length, maxLength: rounds.length }),
    ),
  )
  .map(([rounds, kept]) => {
    const snapshots: ClusterSnapshot[] = []
    for (const [index, round] of rounds.entries()) {
      const old = (snapshots.at(-1)?.partitions ?? []).filter((_, place) => kept[index]![place % 16])
      const byName = new Map([...structuredClone(old), ...round].map(each => [`${each.topic}/${each.partition}`, each]))
      snapshots.push(aSnapshot({ atMs: index, partitions: [...byName.values()].sort(comparePartitions) }))
    }
    return snapshots
  })

function aSnapshot(over: Partial<ClusterSnapshot>): ClusterSnapshot {
  return {
    atMs: 0,
    bootstrapServers: '127.0.0.1:19092',
    profile: 'dev',
    dataDirectory: '',
    controllerId: 1,
    controllerEpoch: 1,
    brokers: [],
    partitions: [],
    links: [],
    story: null,
    ...over,
  }
}

function* told(snapshots: readonly ClusterSnapshot[]): Generator<ClusterUpdate> {
  let before: KnownSnapshot | undefined
  for (const snapshot of snapshots) {
    const update = updateTo(snapshot, before)
    before = { sequence: update.sequence, snapshot }
    yield update
  }
}

describe('updates of a cluster', () => {
  test.prop([history])('bring whoever takes each of them to each snapshot', snapshots => {
    let known: KnownSnapshot | undefined
    for (const [index, update] of [...told(snapshots)].entries()) {
      known = afterUpdate(known, ClusterUpdate.parse(update))
      expect(known?.snapshot).toEqual(snapshots[index])
    }
  })

  test.prop([history, fc.nat()])('are refused by whoever missed one, up to the next whole one', (snapshots, at) => {
    const updates = [...told(snapshots)]
    const missed = at % updates.length
    let known: KnownSnapshot | undefined
    for (const [index, update] of updates.entries()) {
      if (index === missed) continue
      known = afterUpdate(known, update)
      expect(known?.snapshot).toEqual(index < missed ? snapshots[index] : undefined)
    }
    const whole = updateTo(snapshots.at(-1)!, undefined)
    expect(afterUpdate(known, whole)?.snapshot).toEqual(snapshots.at(-1))
  })

  test.prop([history])('tell of no partition that is as it was, and leave its object alone', snapshots => {
    const updates = [...told(snapshots)]
    let known: KnownSnapshot | undefined
    for (const update of updates) {
      const before = known
      known = afterUpdate(known, update)
      if (update.type === 'whole' || before === undefined || known === undefined) continue
      const changed = new Set(update.changed)
      for (const each of known.snapshot.partitions) expect(changed.has(each) || before.snapshot.partitions.includes(each)).toBe(true)
      for (const each of changed) expect(before.snapshot.partitions).not.toContainEqual(each)
    }
  })

  it('keep the list of partitions when only brokers changed: who looks at partitions has nothing to do', () => {
    const one = aSnapshot({ atMs: 1 })
    const known = afterUpdate(undefined, updateTo(one, undefined))
    const next = afterUpdate(known, updateTo({ ...one, atMs: 2, controllerId: 2, partitions: [] }, known))
    expect(next?.snapshot.controllerId).toBe(2)
    expect(next?.snapshot.partitions).toBe(known?.snapshot.partitions)
  })
})
