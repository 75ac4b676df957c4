import type { Logger } from '../../base/logger.ts'
import type { Uuid } from '../../base/uuid.ts'
import type { Clock, Timer } from '../../env/env.ts'
import { errorName } from '../../protocol/errors.ts'
import {
  AssignReplicasToDirs,
  type AssignReplicasToDirsRequest,
  type AssignReplicasToDirsResponse,
} from '../../protocol/messages/assignReplicasToDirs.ts'

/** A replica of this broker and the log folder it is in; `LOST_DIRECTORY` when there is none from which it could be served. */
export interface DirectoryAssignment {
  readonly topicId: Uuid
  readonly partition: number
  readonly directoryId: Uuid
}

export interface DirectoryAssignmentsOptions {
  readonly brokerId: number
  /** -1 while this broker is not registered. */
  readonly brokerEpoch: () => number
  readonly send: (api: typeof AssignReplicasToDirs, request: AssignReplicasToDirsRequest) => Promise<AssignReplicasToDirsResponse>
  readonly logger: Logger
}

const FIRST_RETRY_MS = 20
const LAST_RETRY_MS = 1000
/** Kafka's bound for one request. */
const MOST_AT_A_TIME = 2250
/** Nothing to tell of any more: the topic is gone, or this broker has no replica of it. */
const POINTLESS: ReadonlySet<string> = new Set(['UNKNOWN_TOPIC_ID', 'UNKNOWN_TOPIC_OR_PARTITION', 'NOT_LEADER_OR_FOLLOWER'])

/**
 * Tells the controller in which log folders the replicas of this broker are, where metadata says otherwise (KIP-858). One request is in flight, the
 * next takes along what gathered meanwhile; of one replica only the newest word counts, and it is said until it is heard.
 */
export class DirectoryAssignments {
  readonly #clock: Clock
  readonly #options: DirectoryAssignmentsOptions
  /** By topic id and partition. What is in flight is here, too, until it is answered. */
  readonly #wanted = new Map<string, DirectoryAssignment>()
  #isBusy = false
  #failures = 0
  #retry: Timer | undefined
  #stopped = false

  constructor(clock: Clock, options: DirectoryAssignmentsOptions) {
    this.#clock = clock
    this.#options = options
  }

  /** Replaces what was said of the replica before. */
  assign(assignment: DirectoryAssignment): void {
    if (this.#stopped) return
    const key = keyOf(assignment)
    if (this.#wanted.get(key)?.directoryId === assignment.directoryId) return
    this.#wanted.set(key, assignment)
    if (this.#isBusy || this.#retry !== undefined) return
    this.#isBusy = true
    // Those of one turn travel together.
    queueMicrotask(() => void this.#sendWanted())
  }

  /** Metadata is right about the replica, or it is none of this broker's any more. */
  forget(replica: { readonly topicId: Uuid; readonly partition: number }): void {
    this.#wanted.delete(keyOf(replica))
  }

  stop(): void {
    this.#stopped = true
    this.#retry?.cancel()
    this.#wanted.clear()
  }

  async #sendWanted(): Promise<void> {
    while (this.#wanted.size > 0 && !this.#stopped) {
      const sent = [...this.#wanted.values()].slice(0, MOST_AT_A_TIME)
      const heard = await this.#send(sent)
      for (const each of heard) if (this.#wanted.get(keyOf(each)) === each) this.#wanted.delete(keyOf(each))
      if (heard.length === sent.length) this.#failures = 0
      else {
        this.#failures++
        break
      }
    }
    this.#isBusy = false
    if (this.#stopped || this.#wanted.size === 0) return
    this.#retry = this.#clock.after(Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 10)), () => {
      this.#retry = undefined
      this.#isBusy = true
      void this.#sendWanted()
    })
  }

  /** Answers those of which no more has to be said. */
  async #send(sent: readonly DirectoryAssignment[]): Promise<readonly DirectoryAssignment[]> {
    const { brokerId, brokerEpoch, send, logger } = this.#options
    // Without a registration the controller would refuse it.
    if (brokerEpoch() < 0) return []
    try {
      const response = await send(AssignReplicasToDirs, { brokerId, brokerEpoch: brokerEpoch(), directories: grouped(sent) })
      const error = errorName(response.errorCode)
      if (error !== 'NONE') {
        logger.info('the controller refused AssignReplicasToDirs', { error })
        return []
      }
      const errors = new Map(
        response.directories.flatMap(({ topics }) =>
          topics.flatMap(({ topicId, partitions }) =>
            partitions.map(each => [keyOf({ topicId, partition: each.partitionIndex }), errorName(each.errorCode)] as const),
          ),
        ),
      )
      return sent.filter(each => {
        const answer = errors.get(keyOf(each)) ?? 'UNKNOWN_SERVER_ERROR'
        if (answer === 'NONE' || POINTLESS.has(answer)) return true
        logger.info('the controller does not take note of a log folder', { ...each, error: answer })
        return false
      })
    } catch (error) {
      logger.debug('the controller did not answer AssignReplicasToDirs', { error })
      return []
    }
  }
}

function grouped(assignments: readonly DirectoryAssignment[]): AssignReplicasToDirsRequest['directories'] {
  return [...Map.groupBy(assignments, each => each.directoryId)].map(([id, inDirectory]) => ({
    id,
    topics: [...Map.groupBy(inDirectory, each => each.topicId)].map(([topicId, ofTopic]) => ({
      topicId,
      partitions: ofTopic.map(each => ({ partitionIndex: each.partition })),
    })),
  }))
}

function keyOf({ topicId, partition }: { readonly topicId: Uuid; readonly partition: number }): string {
  return `${topicId}:${partition}`
}
