/** More than this waits for nobody: whoever gives it waits instead. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024

/** A text that is given piece by piece, of which only a few wait at a time. */
export class Inbox {
  #pieces: Buffer[] = []
  #waitingBytes = 0
  #isWhole = false
  #isClosed = false
  #wakeTaker: (() => void) | undefined
  #wakeGivers: (() => void)[] = []

  /** Resolves once there is room for more; with false when nobody wants more. */
  async give(piece: Buffer, isLast: boolean): Promise<boolean> {
    if (this.#isClosed || this.#isWhole) return false
    this.#pieces.push(piece)
    this.#waitingBytes += piece.length
    this.#isWhole = isLast
    this.#stir()
    while (this.#waitingBytes > MAX_WAITING_BYTES && !this.#isClosed) await new Promise<void>(resolve => this.#wakeGivers.push(resolve))
    return !this.#isClosed
  }

  /** In order, until the last; ends early when the signal aborts. Returns whether all of them were taken. */
  async *pieces(signal: AbortSignal): AsyncGenerator<Buffer, boolean, undefined> {
    const stir = () => this.#stir()
    signal.addEventListener('abort', stir, { once: true })
    try {
      while (!signal.aborted) {
        const piece = this.#pieces.shift()
        if (piece !== undefined) {
          this.#waitingBytes -= piece.length
          for (const wake of this.#wakeGivers.splice(0)) wake()
          yield piece
        } else if (this.#isWhole) return true
        else await new Promise<void>(resolve => (this.#wakeTaker = resolve))
      }
      return false
    } finally {
      signal.removeEventListener('abort', stir)
      this.#isClosed = true
      this.#pieces = []
      for (const wake of this.#wakeGivers.splice(0)) wake()
    }
  }

  #stir(): void {
    this.#wakeTaker?.()
    this.#wakeTaker = undefined
  }
}
