import { errorName, type ErrorName } from '../../src-main/protocol/errors.ts'
import { Heartbeat } from '../../src-main/protocol/messages/heartbeat.ts'
import { JoinGroup } from '../../src-main/protocol/messages/joinGroup.ts'
import { LeaveGroup } from '../../src-main/protocol/messages/leaveGroup.ts'
import { encodeAssignment, encodeSubscription } from '../../src-main/protocol/messages/consumerProtocol.ts'
import { SyncGroup } from '../../src-main/protocol/messages/syncGroup.ts'
import type { KafkaConnection } from '../../src-main/wire/client.ts'

const PROTOCOL = 'range'
const TYPE = 'consumer'
const SESSION_MS = 30_000
const REBALANCE_MS = 60_000

/** A member of a classic consumer group and nothing else: it waits between no two requests, so that what takes time is the coordinator. */
export class Member {
  readonly #connection: KafkaConnection
  readonly #groupId: string
  readonly #topic: string
  #memberId = ''
  /** Of the assignment that it has; -1 while it has none. */
  generationId = -1

  constructor(connection: KafkaConnection, { groupId, topic }: { readonly groupId: string; readonly topic: string }) {
    this.#connection = connection
    this.#groupId = groupId
    this.#topic = topic
  }

  /** Joins, or joins again, until it has its assignment. */
  async join(): Promise<void> {
    this.generationId = -1
    for (;;) {
      const joined = await this.#connection.send(
        JoinGroup,
        {
          groupId: this.#groupId,
          sessionTimeoutMs: SESSION_MS,
          rebalanceTimeoutMs: REBALANCE_MS,
          memberId: this.#memberId,
          protocolType: TYPE,
          protocols: [{ name: PROTOCOL, metadata: encodeSubscription({ topics: [this.#topic] }, 1) }],
        },
        { timeoutMs: REBALANCE_MS * 2 },
      )
      this.#memberId = joined.memberId
      const error = errorName(joined.errorCode)
      if (error === 'MEMBER_ID_REQUIRED') continue
      if (error !== 'NONE') throw new Error(`a member that joined was answered with ${error}`)
      const { generationId } = joined
      // Each gets the partition of its own number: dividing them up is the clients' affair, and not what is measured.
      const assignments =
        joined.leader !== this.#memberId
          ? []
          : joined.members.map(({ memberId }, index) => ({
              memberId,
              assignment: encodeAssignment({ assignedPartitions: [{ topic: this.#topic, partitions: [index] }] }, 1),
            }))
      const synced = await this.#connection.send(
        SyncGroup,
        {
          groupId: this.#groupId,
          generationId,
          memberId: this.#memberId,
          protocolType: TYPE,
          protocolName: PROTOCOL,
          assignments,
        },
        { timeoutMs: REBALANCE_MS * 2 },
      )
      const verdict = errorName(synced.errorCode)
      if (isAnother(verdict)) continue
      if (verdict !== 'NONE') throw new Error(`a member that synced was answered with ${verdict}`)
      this.generationId = generationId
      return
    }
  }

  /** Whether the group is about to divide its partitions anew, as a heartbeat tells. */
  async hasToRejoin(): Promise<boolean> {
    const { errorCode } = await this.#connection.send(Heartbeat, {
      groupId: this.#groupId,
      generationId: this.generationId,
      memberId: this.#memberId,
    })
    const error = errorName(errorCode)
    if (error !== 'NONE' && !isAnother(error)) throw new Error(`a heartbeat was answered with ${error}`)
    return isAnother(error)
  }

  async leave(): Promise<void> {
    await this.#connection.send(LeaveGroup, { groupId: this.#groupId, members: [{ memberId: this.#memberId }] })
    this.#connection.close()
  }

  /** Without a word. */
  close(): void {
    this.#connection.close()
  }
}

/** Whether the group has gone on to another generation, or is about to. */
const isAnother = (error: ErrorName) => error === 'REBALANCE_IN_PROGRESS' || error === 'ILLEGAL_GENERATION'
