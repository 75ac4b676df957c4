import { errorName, type ErrorName } from '../protocol/errors.ts'
import { AllocateProducerIds } from '../protocol/messages/allocateProducerIds.ts'
import type { ControllerLink } from './controllerLink.ts'

/** Gives out producer ids that nobody else has: blocks come from the controller, and what is left of one is lost with the process (KIP-730). */
export class ProducerIds {
  readonly #link: Pick<ControllerLink, 'send'>
  readonly #broker: { readonly brokerId: number; readonly brokerEpoch: () => number }
  #next = 0
  #end = 0
  #fetching: Promise<ErrorName> | undefined

  constructor(link: Pick<ControllerLink, 'send'>, broker: { readonly brokerId: number; readonly brokerEpoch: () => number }) {
    this.#link = link
    this.#broker = broker
  }

  async next(): Promise<{ error: 'NONE'; producerId: number } | { error: Exclude<ErrorName, 'NONE'> }> {
    while (this.#next === this.#end) {
      this.#fetching ??= this.#fetchBlock().finally(() => {
        this.#fetching = undefined
      })
      const error = await this.#fetching
      // Clients wait and ask again, as they do while a coordinator is starting.
      if (error !== 'NONE') return { error: 'COORDINATOR_LOAD_IN_PROGRESS' }
    }
    return { error: 'NONE', producerId: this.#next++ }
  }

  async #fetchBlock(): Promise<ErrorName> {
    try {
      const { brokerId, brokerEpoch } = this.#broker
      const response = await this.#link.send(AllocateProducerIds, { brokerId, brokerEpoch: brokerEpoch() }, { timeoutMs: BLOCK_TIMEOUT_MS })
      const error = errorName(response.errorCode)
      if (error !== 'NONE') return error
      this.#next = response.producerIdStart
      this.#end = response.producerIdStart + response.producerIdLen
      return 'NONE'
    } catch (error) {
      if (error instanceof Error && error.name === 'NetworkError') return 'REQUEST_TIMED_OUT'
      throw error
    }
  }
}

const BLOCK_TIMEOUT_MS = 5000
