import type { Logger } from '../../base/logger.ts'
import type { Uuid } from '../../base/uuid.ts'
import type { Clock, Timer } from '../../env/env.ts'
import { errorName } from '../../protocol/errors.ts'
import { AlterPartition, type AlterPartitionRequest, type AlterPartitionResponse } from '../../protocol/messages/alterPartition.ts'
import type { AlterPartitionOutcome } from './inSyncReplicas.ts'

/** A leader's wish for another in-sync set. */
export interface IsrProposal {
  readonly topicId: Uuid
  readonly partition: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  readonly isr: readonly { readonly brokerId: number; readonly brokerEpoch: number }[]
  /** False once the role or the set has changed otherwise, so that nobody waits for the answer any more. */
  isWanted(): boolean
  answered(outcome: AlterPartitionOutcome): 'done' | 'retry'
}

const FIRST_RETRY_MS = 20
const LAST_RETRY_MS = 1000

/** Carries the proposals of all partitions to the controller: one request in flight, the next takes along what gathered meanwhile. */
export class IsrProposals {
  readonly #clock: Clock
  readonly #brokerId: number
  readonly #brokerEpoch: () => number
  readonly #send: (api: typeof AlterPartition, request: AlterPartitionRequest) => Promise<AlterPartitionResponse>
  readonly #logger: Logger
  #waiting: IsrProposal[] = []
  #inFlight = false
  #failures = 0
  #retry: Timer | undefined
  #stopped = false

  constructor(
    clock: Clock,
    options: {
      brokerId: number
      brokerEpoch: () => number
      send: (api: typeof AlterPartition, request: AlterPartitionRequest) => Promise<AlterPartitionResponse>
      logger: Logger
    },
  ) {
    this.#clock = clock
    this.#brokerId = options.brokerId
    this.#brokerEpoch = options.brokerEpoch
    this.#send = options.send
    this.#logger = options.logger
  }

  propose(proposal: IsrProposal): void {
    this.#waiting.push(proposal)
    if (this.#inFlight || this.#retry !== undefined) return
    this.#inFlight = true
    // Proposals of one turn travel together.
    queueMicrotask(() => void this.#sendWaiting())
  }

  stop(): void {
    this.#stopped = true
    this.#retry?.cancel()
    this.#waiting = []
  }

  async #sendWaiting(): Promise<void> {
    const sent = this.#waiting.filter(each => each.isWanted())
    this.#waiting = []
    if (sent.length > 0 && !this.#stopped) {
      try {
        this.#settle(sent, await this.#send(AlterPartition, this.#request(sent)))
      } catch (error) {
        this.#logger.debug('the controller did not answer AlterPartition', { error })
        this.#again(sent)
      }
    }
    this.#inFlight = false
    if (this.#stopped || this.#waiting.length === 0) return
    if (this.#failures === 0) {
      this.#inFlight = true
      return void this.#sendWaiting()
    }
    this.#retry = this.#clock.after(Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 1)), () => {
      this.#retry = undefined
      this.#inFlight = true
      void this.#sendWaiting()
    })
  }

  #again(proposals: readonly IsrProposal[]): void {
    this.#failures++
    this.#waiting.push(...proposals)
  }

  #request(proposals: readonly IsrProposal[]): AlterPartitionRequest {
    const byTopic = Map.groupBy(proposals, each => each.topicId)
    return {
      brokerId: this.#brokerId,
      brokerEpoch: this.#brokerEpoch(),
      topics: [...byTopic].map(([topicId, ofTopic]) => ({
        topicId,
        partitions: ofTopic.map(each => ({
          partitionIndex: each.partition,
          leaderEpoch: each.leaderEpoch,
          newIsr: [],
          newIsrWithEpochs: each.isr.map(member => ({ ...member })),
          leaderRecoveryState: 0,
          partitionEpoch: each.partitionEpoch,
        })),
      })),
    }
  }

  #settle(sent: readonly IsrProposal[], response: AlterPartitionResponse): void {
    const error = errorName(response.errorCode)
    if (error !== 'NONE') {
      this.#logger.info('the controller refused AlterPartition', { error })
      return this.#again(sent)
    }
    this.#failures = 0
    const answers = new Map(
      response.topics.flatMap(({ topicId, partitions }) => partitions.map(each => [`${topicId}:${each.partitionIndex}`, each] as const)),
    )
    for (const proposal of sent) {
      const answer = answers.get(`${proposal.topicId}:${proposal.partition}`)
      const answerError = answer === undefined ? 'UNKNOWN_SERVER_ERROR' : errorName(answer.errorCode)
      const verdict = proposal.answered(
        answer === undefined || answerError === 'NONE'
          ? answer === undefined
            ? { error: 'UNKNOWN_SERVER_ERROR' }
            : { error: 'NONE', isr: answer.isr, partitionEpoch: answer.partitionEpoch }
          : { error: answerError },
      )
      if (verdict === 'retry') this.#again([proposal])
    }
  }
}
