import { ZERO_UUID } from '../base/uuid.ts'
import { type Clock, type Disk, DiskError } from '../env/env.ts'
import { decodeQuorumState, encodeQuorumState } from '../protocol/files/quorumState.ts'
import { isOutOfSpace, onceThereIsSpace } from '../storage/outOfSpace.ts'
import type { Vote } from './state.ts'

/**
 * `quorum-state` in the directory of the metadata log: one line of JSON, version 1 (formats.md §6), -1 for "none".
 *
 *   {"leaderId":2,"leaderEpoch":7,"votedId":1,"votedDirectoryId":"<uuid>","data_version":1}
 */
export class VoteFile {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #directory: string
  readonly #path: string
  #waits = true

  constructor({ clock, disk }: { readonly clock: Clock; readonly disk: Disk }, directory: string) {
    this.#disk = disk
    this.#clock = clock
    this.#directory = directory
    this.#path = `${directory}/quorum-state`
  }

  /**
   * What `read` says, on the disk for sure: the process that wrote it may have ended, or met a failure, before it was. A vote that is told must not be taken
   * back by a crash, whoever cast it.
   */
  async restore(): Promise<Vote | undefined> {
    const vote = await this.read()
    if (vote === undefined) return undefined
    try {
      await this.#disk.replaceFile(this.#path, encode(vote))
    } catch (problem) {
      if (!isOutOfSpace(problem)) throw problem
      await this.#disk.syncDirectory(this.#directory) // its name was all that can be missing
    }
    return vote
  }

  /** `undefined` when there is none: a voter's first start. A file that cannot be understood is a failure, never taken for none. */
  async read(): Promise<Vote | undefined> {
    let bytes: Buffer
    try {
      bytes = await this.#disk.readFile(this.#path)
    } catch (problem) {
      if (problem instanceof DiskError && problem.code === 'ENOENT') return undefined
      throw problem
    }
    try {
      return parse(bytes)
    } catch (cause) {
      const remedy = 'put back what was in it, or move the folder of the metadata log away to have it fetched from the other voters'
      throw new DiskError('EIO', this.#path, `the quorum-state file cannot be understood: ${(cause as Error).message}; ${remedy}`, cause)
    }
  }

  /** Once this resolves, a crash cannot take the vote back. On a full disk it waits for space: a voter that stands still harms nobody. */
  async write(vote: Vote): Promise<void> {
    const bytes = encode(vote)
    await onceThereIsSpace(this.#clock, () => this.#disk.replaceFile(this.#path, bytes), { isWaiting: () => this.#waits })
  }

  /** From now on a full disk is a failure: there is no more time. */
  stopWaiting(): void {
    this.#waits = false
  }
}

function encode({ epoch, votedFor, leaderId }: Vote): Buffer {
  return encodeQuorumState({
    leaderId: leaderId ?? -1,
    leaderEpoch: epoch,
    votedId: votedFor?.id ?? -1,
    votedDirectoryId: votedFor?.directoryId ?? ZERO_UUID,
  })
}

function parse(bytes: Buffer): Vote {
  const { leaderId, leaderEpoch, votedId, votedDirectoryId } = decodeQuorumState(bytes)
  return {
    epoch: Math.max(0, leaderEpoch),
    votedFor: votedId === -1 ? undefined : { id: votedId, directoryId: votedDirectoryId },
    leaderId: leaderId === -1 ? undefined : leaderId,
  }
}
