import { handlerFor } from '../../wire/handler.ts'
import type { Quorum } from '../quorum.ts'

/** What the quorum's handlers ask. */
export interface QuorumParts {
  readonly quorum: Quorum
}

export const handle = handlerFor<QuorumParts>()
