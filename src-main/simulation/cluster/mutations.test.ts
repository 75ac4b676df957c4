import { describe, expect, it } from 'vitest'
import { Controller } from '../../controller/controller.ts'
import { MetadataImage } from '../../metadata/image.ts'
import { IsrProposals, type IsrProposal } from '../../broker/replication/alterPartition.ts'
import { Partition } from '../../broker/replication/partition.ts'
import { PartitionCoordinatorLog } from '../../broker/replication/partitionCoordinatorLog.ts'
import { PartitionLog } from '../../storage/partitionLog.ts'
import { ProducerState } from '../../storage/producerState.ts'
import { runClusterScenario } from './clusterScenario.ts'
import type { FaultKind } from './faults.ts'
import { BrokenPromise } from './history.ts'

interface Mutation {
  readonly broken: string
  /** The first seed, one that is known to lead there. */
  readonly from: number
  /** In how many seeds it must be caught at the latest. */
  readonly seeds: number
  readonly kinds: readonly FaultKind[]
  readonly settings?: Readonly<Record<string, string>>
  /** Breaks the rule, and returns what mends it. */
  readonly breakIt: () => () => void
}

/** Puts another method in the place of one, made from the one that was there. */
function replace<T extends object, K extends keyof T>(prototype: T, name: K, made: (original: T[K]) => T[K]): () => void {
  const original = prototype[name]
  prototype[name] = made(original)
  return () => (prototype[name] = original)
}

/** As `replace`, for a getter. */
function replaceGetter<T extends object>(prototype: T, name: keyof T, get: () => unknown): () => void {
  const original = Object.getOwnPropertyDescriptor(prototype, name)!
  Object.defineProperty(prototype, name, { ...original, get })
  return () => void Object.defineProperty(prototype, name, original)
}

/** Much power is lost, while others are away but have not ended. Named more than once, a fault comes more often. */
const POWER: readonly FaultKind[] = ['powerLoss', 'powerLoss', 'powerLoss', 'stop', 'stopAll', 'freeze', 'freeze', 'isolate']
const QUICK_TO_FENCE = {
  'replica.lag.time.max.ms': '1000',
  'broker.session.timeout.ms': '700',
  'broker.heartbeat.interval.ms': '100',
}

const PROCESSES: readonly FaultKind[] = ['kill', 'stop', 'freeze', 'isolate']

const mutations: readonly Mutation[] = [
  {
    broken: 'a leader acknowledges what it alone has',
    from: 1,
    seeds: 5,
    kinds: PROCESSES,
    breakIt: () =>
      replace(
        Partition.prototype,
        'whenCommitted',
        () =>
          function (_requiredOffset, settle) {
            settle('NONE')
            return undefined
          },
      ),
  },
  {
    broken: 'consumers read what is not committed',
    from: 1,
    seeds: 5,
    kinds: PROCESSES,
    breakIt: () =>
      replace(
        Partition.prototype,
        'planFetch',
        original =>
          function (this: Partition, asked, reader, isFirst) {
            const plan = original.call(this, asked, reader, isFirst)
            return plan.type === 'read' ? { ...plan, upTo: plan.log.logEndOffset } : plan
          },
      ),
  },
  {
    broken: 'followers are told of no divergence and cut nothing off',
    from: 1,
    seeds: 5,
    kinds: ['kill', 'isolate', 'freeze'],
    breakIt: () =>
      replace(
        PartitionLog.prototype,
        'endOffsetFor',
        () =>
          function (epoch) {
            return { epoch, endOffset: Number.MAX_SAFE_INTEGER }
          },
      ),
  },
  {
    broken: 'the high watermark moves when one follower fetches',
    from: 1,
    seeds: 5,
    kinds: PROCESSES,
    breakIt: () =>
      replace(
        Partition.prototype,
        'planFetch',
        original =>
          function (this: Partition, asked, reader, isFirst) {
            const { leadership, log } = this
            if (reader.replica !== undefined && leadership !== undefined && log !== undefined) {
              for (const id of leadership.isr) {
                leadership.fetched({ id, brokerEpoch: -1 }, { fetchOffset: log.logEndOffset, logStartOffset: 0 })
              }
            }
            return original.call(this, asked, reader, isFirst)
          },
      ),
  },
  {
    broken: 'a leader leaves a follower behind without asking the controller',
    from: 1,
    seeds: 5,
    kinds: ['freeze', 'kill'],
    settings: { 'replica.lag.time.max.ms': '300', 'broker.session.timeout.ms': '6000' },
    breakIt: () =>
      replace(
        IsrProposals.prototype,
        'propose',
        original =>
          function (this: IsrProposals, proposal: IsrProposal) {
            const isr = proposal.isr.map(each => each.brokerId)
            if (isr.length === 2) proposal.answered({ error: 'NONE', isr, partitionEpoch: proposal.partitionEpoch })
            else original.call(this, proposal)
          },
      ),
  },
  {
    broken: 'nobody is eligible to lead, and the last in-sync replica is believed whatever happened to it',
    from: 1,
    seeds: 5,
    kinds: POWER,
    settings: QUICK_TO_FENCE,
    breakIt: () => replaceGetter(MetadataImage.prototype, 'hasEligibleLeaders', () => false),
  },
  {
    broken: 'a broker stays eligible to lead after an unclean shutdown',
    from: 7,
    seeds: 5,
    kinds: POWER,
    settings: QUICK_TO_FENCE,
    breakIt: () => {
      const epochs = new Map<number, number>()
      return replace(
        Controller.prototype,
        'register',
        original =>
          async function (this: Controller, request, connectionId) {
            const previousBrokerEpoch = epochs.get(request.brokerId) ?? -1
            const reply = await original.call(this, { ...request, previousBrokerEpoch }, connectionId)
            if (reply.brokerEpoch !== undefined) epochs.set(request.brokerId, reply.brokerEpoch)
            return reply
          },
      )
    },
  },
  {
    broken: 'retries of a producer are stored again',
    from: 1,
    seeds: 5,
    kinds: PROCESSES,
    breakIt: () => replace(ProducerState.prototype, 'judge', () => () => ({ type: 'accept' })),
  },
  {
    broken: 'group coordinators answer before the commit is replicated',
    from: 1,
    seeds: 5,
    kinds: ['kill', 'isolate', 'freeze'],
    breakIt: () => {
      const mends = [
        replace(
          PartitionCoordinatorLog.prototype,
          'append',
          original =>
            function (this: PartitionCoordinatorLog, batch) {
              void original.call(this, batch)
              return Promise.resolve({ error: 'NONE' })
            },
        ),
        replace(PartitionCoordinatorLog.prototype, 'committed', () => () => Promise.resolve({ error: 'NONE' })),
      ]
      return () => mends.forEach(mend => mend())
    },
  },
]

describe('the invariants notice when', () => {
  it.each(mutations)('$broken', { timeout: 120_000 }, async ({ from, seeds, kinds, settings, breakIt }) => {
    const mend = breakIt()
    const caught: string[] = []
    try {
      for (let seed = from; seed < from + seeds && caught.length === 0; seed++) {
        await runClusterScenario({ seed, pace: 1, faultsMs: 6000, healingMs: 10_000, kinds, ...(settings && { settings }) }).catch(
          (problem: unknown) => caught.push(`seed ${seed}: ${promiseBrokenBy(problem)}`),
        )
      }
    } finally {
      mend()
    }
    expect(caught).toHaveLength(1)
  })
})

/** The invariant at the bottom of a failure; anything else was a mistake of the test. */
function promiseBrokenBy(problem: unknown): string {
  for (let at = problem; at instanceof Error; at = at.cause) if (at instanceof BrokenPromise) return at.message
  throw problem
}
