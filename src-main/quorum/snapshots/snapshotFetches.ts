import type { FetchSnapshot, FetchSnapshotRequest } from '../../protocol/messages/fetchSnapshot.ts'
import type { ResponseInput } from '../../protocol/schema.ts'
import type { QuorumDriver } from '../driver.ts'
import type { LeaderAndEpoch } from '../state.ts'
import { type SnapshotPieceAnswer, snapshotPieceAskedFrom, type SnapshotPieceAsked, snapshotPieceResponse } from './snapshotMessages.ts'
import type { SnapshotFiles } from './snapshotFiles.ts'

/** However much is asked for, an answer must not fill the memory: it is held whole until it is sent. */
const MAX_PIECE_BYTES = 8 * 1024 * 1024

/** The leader's side of replicas that are too far behind for the log: gives out snapshots, piece by piece (KIP-630). */
export class SnapshotFetches {
  readonly #clusterId: string
  readonly #files: SnapshotFiles
  readonly #driver: () => QuorumDriver | undefined

  constructor(parts: { readonly clusterId: string; readonly files: SnapshotFiles; readonly driver: () => QuorumDriver | undefined }) {
    this.#clusterId = parts.clusterId
    this.#files = parts.files
    this.#driver = parts.driver
  }

  async answer(request: FetchSnapshotRequest): Promise<ResponseInput<typeof FetchSnapshot>> {
    const asked = snapshotPieceAskedFrom(request, this.#clusterId)
    if (typeof asked === 'string') return snapshotPieceResponse(asked)
    return snapshotPieceResponse(await this.#answer(asked), asked)
  }

  async #answer({ replicaId, epoch, id, position, maxBytes }: SnapshotPieceAsked): Promise<SnapshotPieceAnswer> {
    const driver = this.#driver()
    if (driver === undefined) return refused('NOT_LEADER_OR_FOLLOWER', { leaderId: undefined, epoch: -1 })
    const reply = await driver.ask({ type: 'fetchSnapshot', replicaId, epoch })
    if (reply?.type !== 'answerFetch') return refused('NOT_LEADER_OR_FOLLOWER', { leaderId: undefined, epoch: driver.state.epoch })
    const { verdict, leader } = reply
    if (verdict.type === 'refused') return refused(verdict.error, leader)
    const read = await this.#files.read(id, { position, maxBytes: Math.max(1, Math.min(maxBytes, MAX_PIECE_BYTES)) })
    return typeof read === 'string' ? refused(read, leader) : { error: 'NONE', leader, ...read }
  }
}

function refused(error: SnapshotPieceAnswer['error'], leader: LeaderAndEpoch): SnapshotPieceAnswer {
  return { error, leader, size: 0, bytes: Buffer.alloc(0) }
}
