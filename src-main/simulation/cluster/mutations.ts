import type { Mutation, Stage } from '../mutation.ts'
import type { FaultKind } from './faults.ts'
import type { Course } from './scenarioOptions.ts'

/** Much power is lost, while others are away but have not ended. Named more than once, a fault comes more often. */
const POWER: readonly FaultKind[] = ['powerLoss', 'powerLoss', 'powerLoss', 'stop', 'stopAll', 'freeze', 'freeze', 'isolate']
const PROCESSES: readonly FaultKind[] = ['kill', 'stop', 'freeze', 'isolate']
const QUICK_TO_FENCE = {
  'replica.lag.time.max.ms': '1000',
  'broker.session.timeout.ms': '700',
  'broker.heartbeat.interval.ms': '100',
}

/** What it may look like when a replica lacks records that others have. */
const LOSSES = [
  'leaders have all that was acknowledged or read',
  'leaders have all that was committed',
  'committed records are held by all in-sync replicas',
  'committed records agree',
  'acknowledged records stay',
  'acknowledged offsets are given once',
  'what was read stays',
  'unclean election is the only way to lose',
  'replicas are the same',
]
const GROUPS = ['committed offsets stay', 'no partition is owned twice in a generation', 'nothing is taken from earlier generations']

function on(kinds: readonly FaultKind[], course: Partial<Omit<Course, 'seed' | 'kinds'>> = {}): Stage {
  return { type: 'cluster', course: { kinds, ...course } }
}

/** Of brokers and controllers. */
export const clusterMutations: readonly Mutation[] = [
  {
    broken: 'a leader acknowledges what it alone has',
    edits: [
      {
        file: 'broker/replication/highWatermark.ts',
        is: 'if (state.highWatermark < state.requiredOffset) return undefined',
        becomes: '',
      },
    ],
    stage: on(PROCESSES),
    caughtBy: [...LOSSES, ...GROUPS],
    from: 1,
    within: 6,
  },
  {
    broken: 'the high watermark moves when one follower fetches',
    edits: [
      {
        file: 'broker/replication/highWatermark.ts',
        is: 'return Math.max(highWatermark, lowest)',
        becomes:
          'return Math.max(highWatermark, ...[...leader.followers.values()].map(each => Math.min(each.logEndOffset, leader.leaderEndOffset)))',
      },
    ],
    stage: on(PROCESSES),
    caughtBy: LOSSES,
    from: 1,
    within: 6,
  },
  {
    broken: 'a leader leaves a follower behind before the controller has said so',
    edits: [
      {
        file: 'broker/replication/inSyncReplicas.ts',
        is: "return inSync.type === 'expanding' ? [...inSync.isr, inSync.added] : inSync.isr",
        becomes: 'return proposedIsr(inSync)',
      },
    ],
    stage: on(['freeze', 'isolate', 'kill'], { settings: { 'replica.lag.time.max.ms': '300', 'broker.session.timeout.ms': '6000' } }),
    caughtBy: LOSSES,
    from: 1,
    within: 6,
  },
  {
    broken: 'min.insync.replicas is not asked for',
    edits: [
      {
        file: 'broker/replication/highWatermark.ts',
        is: 'if (inSync.isr.length < leader.minIsr) return highWatermark',
        becomes: '',
      },
      {
        file: 'broker/replication/highWatermark.ts',
        is: "return maximalIsr(state.inSync).length >= state.minIsr ? 'NONE' : 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'",
        becomes: "return 'NONE'",
      },
      {
        file: 'broker/replication/partition.ts',
        is: "return error === 'NONE' && this.leadership?.isUnderMinIsr === true ? 'NOT_ENOUGH_REPLICAS' : error",
        becomes: 'return error',
      },
    ],
    stage: on(PROCESSES),
    caughtBy: ['nothing is committed below min.insync.replicas', ...LOSSES],
    from: 1,
    within: 6,
  },
  {
    broken: 'a leader takes in followers that have not caught up',
    edits: [
      {
        file: 'broker/replication/inSyncReplicas.ts',
        is: 'if (follower.logEndOffset < follower.highWatermark || follower.logEndOffset < follower.epochStartOffset) return undefined',
        becomes: '',
      },
    ],
    stage: on(PROCESSES),
    caughtBy: LOSSES,
    from: 1,
    within: 24,
  },
  {
    broken: 'the high watermark of a leader follows whoever is furthest behind',
    edits: [
      { file: 'broker/replication/highWatermark.ts', is: 'return Math.max(highWatermark, lowest)', becomes: 'return lowest' },
      {
        file: 'broker/replication/leadership.ts',
        is: 'const hasMoved = highWatermark > log.highWatermark',
        becomes: 'const hasMoved = highWatermark !== log.highWatermark',
      },
      {
        file: 'storage/partitionLog.ts',
        is: 'if (next > this.#highWatermark) {',
        becomes: 'if (next !== this.#highWatermark && next >= 0) {',
      },
    ],
    stage: on(PROCESSES),
    caughtBy: ['the high watermark never goes back', 'what was read stays'],
    from: 1,
    within: 6,
  },
  {
    broken: 'the log start of a leader is wherever somebody asked for it last',
    edits: [{ file: 'storage/partitionLog.ts', is: 'if (start <= this.#logStartOffset) return\n', becomes: '\n' }],
    stage: on(PROCESSES),
    caughtBy: ['the log start never goes back', 'only what was to be deleted is gone'],
    from: 40,
    within: 12,
  },
  {
    broken: 'a follower deletes all that its leader has committed',
    edits: [
      {
        file: 'storage/partitionLog.ts',
        is: 'this.raiseLogStartOffset(Math.min(leaderLogStartOffset, this.#logEndOffset))',
        becomes: 'this.raiseLogStartOffset(Math.min(this.#highWatermark, this.#logEndOffset))',
      },
    ],
    stage: on(PROCESSES),
    caughtBy: ['only what was to be deleted is gone', 'the log start never goes back', 'what was read stays', ...LOSSES],
    from: 1,
    within: 6,
  },
  {
    broken: 'consumers read what is not committed',
    edits: [
      {
        file: 'broker/replication/partition.ts',
        is: "if (preferredReadReplica !== undefined) return { type: 'elsewhere', preferredReadReplica, log }\n    return { type: 'read', from: fetchOffset, upTo: readCommitted ? log.lastStableOffset : log.highWatermark,",
        becomes: "return { type: 'read', from: fetchOffset, upTo: log.logEndOffset,",
      },
    ],
    stage: on(PROCESSES),
    caughtBy: ['consumers read what is committed', ...LOSSES],
    from: 1,
    within: 6,
  },
  {
    broken: 'a follower takes all that it has for committed, and shows it to consumers',
    edits: [
      {
        file: 'broker/replication/following.ts',
        is: 'log.advanceHighWatermark(Math.min(fetched.highWatermark, log.logEndOffset))',
        becomes: 'log.advanceHighWatermark(log.logEndOffset)',
      },
    ],
    stage: on(['slowLink', 'slowDisk', 'kill', 'kill', 'isolate', 'oneWayCut'], { settings: QUICK_TO_FENCE }),
    caughtBy: LOSSES,
    from: 4,
    within: 12,
  },
  {
    broken: 'followers are told of no divergence and cut nothing off',
    edits: [
      {
        file: 'broker/replication/truncation.ts',
        is: 'if (end.epoch < fetch.lastFetchedEpoch || end.endOffset < fetch.offset) return { diverging: end }',
        becomes: '',
      },
    ],
    stage: on(['kill', 'isolate', 'freeze']),
    caughtBy: LOSSES,
    from: 1,
    within: 6,
  },
  {
    broken: 'a leader sends to its followers from its high watermark on, wherever they are',
    edits: [
      {
        file: 'broker/replication/partition.ts',
        is: "return { type: 'read', from: fetchOffset, upTo: isHeldBack",
        becomes: "return { type: 'read', from: Math.max(fetchOffset, log.highWatermark), upTo: isHeldBack",
      },
    ],
    stage: on(PROCESSES),
    caughtBy: ['logs have no gaps', 'what is read has no gaps', 'liveness', ...LOSSES],
    from: 1,
    within: 6,
  },
  {
    broken: 'leaders change without a new leader epoch',
    edits: [
      {
        file: 'metadata/delta.ts',
        is: 'leaderEpoch: before.leaderEpoch + (namesLeader ? 1 : 0),',
        becomes: 'leaderEpoch: before.leaderEpoch,',
      },
    ],
    stage: on(PROCESSES),
    caughtBy: ['one leader per partition epoch'],
    from: 1,
    within: 6,
  },
  {
    broken: 'a broker that starts acts on the history that it reads',
    edits: [{ file: 'broker/brokerMetadata.ts', is: 'else if (this.#isPresent(this.#image)) {', becomes: 'else {' }],
    stage: on(PROCESSES),
    caughtBy: ['one leader per partition epoch', ...LOSSES],
    from: 1,
    within: 6,
  },
  {
    broken: 'nobody is eligible to lead, and the last in-sync replica is believed whatever happened to it',
    edits: [
      {
        file: 'metadata/image.ts',
        is: 'return (this.features.get(ELIGIBLE_LEADERS_FEATURE) ?? 0) > 0',
        becomes: 'return false',
      },
    ],
    stage: on(POWER, { settings: QUICK_TO_FENCE }),
    caughtBy: LOSSES,
    from: 1,
    within: 6,
  },
  {
    broken: 'eligible leaders stay so when records are committed without them',
    edits: [
      {
        file: 'controller/eligibleLeaders.ts',
        is: 'if (minInsyncReplicas === undefined || isInSyncEnough({ replicas, isr }, minInsyncReplicas)) return []',
        becomes: 'if (minInsyncReplicas === undefined) return []',
      },
      {
        file: 'controller/elections.ts',
        is: "const elr = from === 'anybody' || isEnough ? []",
        becomes: "const elr = from === 'anybody' ? []",
      },
    ],
    stage: on(['stop', 'freeze', 'isolate', 'kill'], { settings: QUICK_TO_FENCE }),
    caughtBy: LOSSES,
    from: 1,
    within: 12,
  },
  {
    broken: 'a broker stays eligible to lead after an unclean shutdown',
    edits: [
      {
        file: 'controller/registrations.ts',
        is: ': changesAfterUncleanShutdown(image, brokerId, settings.staticConfigs)',
        becomes: ': changesWithout(image, brokerId, settings.staticConfigs)',
      },
    ],
    stage: on(POWER, { settings: QUICK_TO_FENCE }),
    caughtBy: LOSSES,
    from: 1,
    within: 8,
  },
  {
    broken: 'a move gives up replicas that have everything for a single one that is left',
    edits: [
      {
        file: 'controller/eligibleLeaders.ts',
        is: 'return complete.every(replica => settled.replicas.includes(replica))',
        becomes: 'return complete.length > 0',
      },
    ],
    stage: on(['wipe', 'powerLoss', 'isolate', 'cut', 'freeze'], {
      faultsMs: 12_000,
      without: ['churn', 'shared', 'alone', 'joined', 'configs', 'seconds', 'risky'],
      settings: QUICK_TO_FENCE,
      pace: 4,
    }),
    caughtBy: LOSSES,
    from: 55,
    within: 10,
  },
  {
    broken: 'a broker that comes back is in sync as it was before',
    edits: [
      {
        file: 'controller/registrations.ts',
        is: ': changesAfterUncleanShutdown(image, brokerId, settings.staticConfigs)',
        becomes: ': []',
      },
    ],
    stage: on(POWER),
    caughtBy: ['one leader per partition epoch', ...LOSSES],
    from: 1,
    within: 12,
  },
  {
    broken: 'whoever is there may be elected, in sync or not',
    edits: [{ file: 'controller/elections.ts', is: "if (election !== 'unclean') return inSync(NO_LEADER)", becomes: '' }],
    stage: on(PROCESSES, { settings: QUICK_TO_FENCE }),
    caughtBy: ['unclean elections happen only where they are allowed', ...LOSSES],
    from: 1,
    within: 6,
  },
  {
    broken: 'the controller answers before its decision is committed',
    edits: [
      {
        file: 'controller/controller.ts',
        is: "return (await this.#commit(active, records)) ? reply : refuse('NOT_CONTROLLER')",
        becomes: 'void this.#commit(active, records)\n    return reply',
      },
    ],
    stage: on(['isolate', 'isolate', 'cut', 'oneWayCut']),
    caughtBy: ['confirmed topics exist', 'deleted topics stay deleted', 'producer ids are given once', 'liveness', ...LOSSES],
    from: 20,
    within: 20,
  },
  {
    broken: 'blocks of producer ids are given out without being written down',
    edits: [
      {
        file: 'controller/producerIds.ts',
        is: "records: [metadataRecord({ type: 'ProducerIdsRecord', brokerId, brokerEpoch, nextProducerId })],",
        becomes: 'records: [],',
      },
    ],
    stage: on(PROCESSES),
    caughtBy: ['producer ids are given once'],
    from: 1,
    within: 3,
  },
  {
    broken: 'deleted topics come back with a snapshot',
    edits: [
      {
        file: 'metadata/replaceImage.ts',
        is: 'Object.assign(image, next)',
        becomes:
          'for (const [id, topic] of image.topicsById) if (!next.topicsByName.has(topic.name)) next.topicsById.set(id, topic)\n  Object.assign(image, next)',
      },
    ],
    stage: on(['freeze', 'isolate', 'stop', 'kill'], {
      settings: {
        'metadata.log.max.record.bytes.between.snapshots': '1500',
        'metadata.log.max.snapshot.interval.ms': '700',
        'metadata.max.retention.bytes': '1',
        'internal.metadata.log.segment.bytes': '3000',
      },
    }),
    caughtBy: ['committed metadata agrees', 'deleted topics stay deleted'],
    from: 1,
    within: 12,
  },
  {
    broken: 'retries of a producer are stored again',
    edits: [
      {
        file: 'storage/producerState.ts',
        is: 'if (producer === undefined) return accept\n    if (origin',
        becomes: 'return accept\n    if (origin',
      },
    ],
    stage: on(PROCESSES),
    caughtBy: ['idempotent records are stored once, in order', 'acknowledged offsets are given once'],
    from: 1,
    within: 6,
  },
  {
    broken: 'a new leader does not know the producers of the one before',
    edits: [
      {
        file: 'storage/partitionLog.ts',
        is: 'this.#ledEpoch = leaderEpoch\n',
        becomes: 'this.#ledEpoch = leaderEpoch\n      this.#producers.load([])\n',
      },
    ],
    stage: on(PROCESSES),
    caughtBy: [
      'idempotent records are stored once, in order',
      'idempotent producers are never refused',
      'acknowledged offsets are given once',
    ],
    from: 1,
    within: 6,
  },
  {
    broken: 'producers are forgotten in a restart',
    edits: [
      {
        file: 'storage/restoreProducers.ts',
        is: 'const snapshot = await snapshots.loadNewest(offset)',
        becomes: 'if (offset >= 0) return producers.load([])\n  const snapshot = await snapshots.loadNewest(offset)',
      },
      {
        file: 'storage/recoverSegments.ts',
        is: 'const aborted = replayInto(producers, batch)',
        becomes: 'const aborted = undefined',
      },
    ],
    stage: on(['kill', 'killAll', 'stopAll', 'killAll']),
    caughtBy: [
      'idempotent records are stored once, in order',
      'idempotent producers are never refused',
      'acknowledged offsets are given once',
    ],
    from: 1,
    within: 12,
  },
  {
    broken: 'group coordinators answer before the commit is replicated',
    edits: [
      {
        file: 'broker/coordinators/replicatedState.ts',
        is: 'return { accepted: true, committed: this.#commitOf(pending) }',
        becomes: 'return { accepted: true, committed: NOTHING_TO_WAIT_FOR }',
      },
    ],
    stage: on(['kill', 'isolate', 'freeze']),
    caughtBy: GROUPS,
    from: 1,
    within: 6,
  },
  {
    broken: 'group coordinators read no further than the high watermark when they take over',
    edits: [
      {
        file: 'broker/replication/partitionCoordinatorLog.ts',
        is: 'const end = log.logEndOffset',
        becomes: 'const end = log.highWatermark',
      },
    ],
    stage: on(['kill', 'isolate', 'freeze', 'stop']),
    caughtBy: GROUPS,
    from: 1,
    within: 12,
  },
  {
    broken: 'members that were left behind are not told, and their commits are taken',
    edits: [
      {
        file: 'broker/coordinators/group/commitOffsets.ts',
        is: "if (generationId !== group.generationId) return 'ILLEGAL_GENERATION'",
        becomes: '',
      },
      {
        file: 'broker/coordinators/group/commitOffsets.ts',
        is: 'const error = checkMember(group, memberId, groupInstanceId)',
        becomes: "const error: ErrorName = 'NONE'",
      },
      {
        file: 'broker/coordinators/group/heartbeat.ts',
        is: 'const error = checkMember(group, memberId, groupInstanceId)',
        becomes: "if (group.members.get(memberId) === undefined || generationId !== group.generationId) return { group, error: 'NONE' }",
      },
      {
        file: 'broker/coordinators/group/heartbeat.ts',
        is: "if (error !== 'NONE') return { group, error }\n",
        becomes: '\n',
      },
      {
        file: 'broker/coordinators/group/heartbeat.ts',
        is: "error: group.phase.state === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE'",
        becomes: "error: 'NONE'",
      },
    ],
    stage: on(PROCESSES),
    caughtBy: GROUPS,
    from: 1,
    within: 30,
  },
  {
    broken: 'a rebalance does not begin a new generation',
    edits: [
      {
        file: 'broker/coordinators/group/rebalance.ts',
        is: 'const generationId = nextGeneration(group.generationId)',
        becomes: 'const generationId = Math.max(1, group.generationId)',
      },
    ],
    stage: on(PROCESSES),
    caughtBy: GROUPS,
    from: 1,
    within: 6,
  },
  {
    broken: 'a recovery does not look at checksums, and keeps a torn tail',
    edits: [
      {
        file: 'storage/recoverSegments.ts',
        is: 'await scanBatches(segment, { ...range, checksums: true }',
        becomes: 'await scanBatches(segment, { ...range, checksums: false }',
      },
    ],
    stage: on(['powerLoss', 'powerLoss', 'powerLoss', 'slowDisk', 'freeze']),
    caughtBy: ['what is read is intact', 'liveness', ...LOSSES],
    from: 1,
    within: 30,
  },
  {
    broken: 'every start trusts the log as after a clean shutdown',
    edits: [
      {
        file: 'storage/logDirectory.ts',
        is: 'const cleanShutdown = this.wasCleanShutdown && found !== undefined && !this.#unsure.has(name)',
        becomes: 'const cleanShutdown = found !== undefined',
      },
    ],
    stage: on(['powerLoss', 'powerLoss', 'kill', 'slowDisk']),
    caughtBy: ['liveness', ...LOSSES],
    from: 1,
    within: 12,
  },
  {
    broken: 'recovery points are raised without a sync',
    edits: [
      {
        file: 'storage/logFiles.ts',
        is: 'else {\n        // The indexes of the segment that holds the recovery point are made anew after a crash.\n        await segment.use(() => segment.syncLog())',
        becomes: 'else {',
      },
      {
        file: 'storage/logFiles.ts',
        is: 'if (segment.isComplete) await segment.use(() => segment.sync())',
        becomes: 'if (segment.isComplete) continue',
      },
    ],
    stage: on(['powerLoss', 'powerLoss', 'stop']),
    caughtBy: ['liveness', 'is damaged at', ...LOSSES],
    from: 1,
    within: 12,
  },
  {
    broken: 'nobody wakes those who wait for a commit',
    edits: [{ file: 'broker/replication/partition.ts', is: 'this.#settleCommitted()\n      if (hasMoved)', becomes: 'if (hasMoved)' }],
    stage: on(['kill'], { faultsMs: 1000 }),
    caughtBy: ['liveness'],
    from: 1,
    within: 3,
  },
  {
    broken: 'followers are never proposed for the in-sync set',
    edits: [
      {
        file: 'broker/replication/inSyncReplicas.ts',
        is: "return { ...inSync, type: 'expanding', added: follower.replicaId }",
        becomes: 'return undefined',
      },
    ],
    stage: on(['kill', 'stop'], { faultsMs: 3000 }),
    caughtBy: ['liveness'],
    from: 1,
    within: 3,
  },
  {
    broken: 'a broker serves whose voter has forgotten what it promised',
    edits: [{ file: 'server/server.ts', is: ' && !quorum.isNewcomer', becomes: '' }],
    stage: on(['wipe', 'wipe', 'isolate', 'isolate', 'isolate'], { faultsMs: 20_000 }),
    caughtBy: ['liveness'],
    from: 21,
    within: 40,
  },
]
