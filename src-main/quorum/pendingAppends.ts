import type { Epoch, NodeId } from './state.ts'

/** This node does not lead the quorum, or not any more. */
export class NotLeader extends Error {
  override readonly name = 'NotLeader'
  readonly leaderId: NodeId | undefined

  constructor(nodeId: NodeId, leader: { readonly leaderId: NodeId | undefined; readonly epoch?: Epoch } = { leaderId: undefined }) {
    super(`node ${nodeId} does not lead the quorum${leader.leaderId === undefined ? '' : `, node ${leader.leaderId} does`}`)
    this.leaderId = leader.leaderId
  }
}

interface Pending {
  readonly lastOffset: number
  readonly resolve: () => void
  readonly reject: (why: NotLeader) => void
}

/** Appends that wait to be committed, in the order of their offsets. */
export class PendingAppends {
  #pending: Pending[] = []

  add(lastOffset: number): Promise<void> {
    const committed = new Promise<void>((resolve, reject) => this.#pending.push({ lastOffset, resolve, reject }))
    // Whoever appends may not care; the one who does gets the rejection from its own `await`.
    committed.catch(() => undefined)
    return committed
  }

  committedBelow(offset: number): void {
    const open = this.#pending.findIndex(each => each.lastOffset >= offset)
    for (const { resolve } of this.#pending.splice(0, open === -1 ? this.#pending.length : open)) resolve()
  }

  lost(why: NotLeader): void {
    for (const { reject } of this.#pending.splice(0)) reject(why)
  }
}
