import { connect, type Socket } from 'node:net'

const READ_BYTES = 1024 * 1024
const SIZE_BYTES = 4
/** Of an answer so much is kept; the rest is only counted. */
const KEPT_BYTES = 256

/** The first bytes of an answer from the correlation id on, valid until the call is over, and how long the whole is. */
export type OnAnswer = (start: Buffer, bytes: number) => void

interface Waiting {
  readonly answered: OnAnswer
  readonly reject: (why: Error) => void
}

/**
 * The cheapest client there can be: whole frames go out as they are, answers come back in order, and of each no more is looked at than its first bytes.
 * What it measures is the broker.
 */
export class RawConnection {
  readonly #socket: Socket
  #waiting: Waiting[] = []
  #failure: Error | undefined
  /** Of the answer that is arriving: its size and first bytes, how many of those are there, and how many bytes are missing behind them. */
  readonly #start = Buffer.alloc(SIZE_BYTES + KEPT_BYTES)
  #have = 0
  #missing = 0

  static open(port: number, readBytes = READ_BYTES): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      let opened: RawConnection | undefined
      const onread = {
        buffer: Buffer.allocUnsafeSlow(readBytes),
        callback: (bytes: number, into: Uint8Array) => {
          opened?.read(into as Buffer, bytes)
          return true
        },
      }
      const socket = connect({ host: '127.0.0.1', port, noDelay: true, onread })
      socket.once('connect', () => resolve((opened = new RawConnection(socket))))
      socket.once('error', problem => {
        reject(problem)
        opened?.fail(problem)
      })
      socket.once('close', () => opened?.fail(new Error('the broker has closed the connection')))
    })
  }

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Sends one request and waits for its answer. Fails when the connection does, or `onAnswer`. */
  ask(frame: Buffer, onAnswer: OnAnswer = () => undefined): Promise<void> {
    return this.pipeline(frame, { count: 1, inFlight: 1, onAnswer })
  }

  /** Sends the same request so many times, never more at once than `inFlight`. */
  pipeline(frame: Buffer, { count, inFlight, onAnswer }: { count: number; inFlight: number; onAnswer: OnAnswer }): Promise<void> {
    return new Promise((resolve, reject) => {
      let toSend = count
      let toCome = count
      const waiting: Waiting = {
        reject,
        answered: (start, bytes) => {
          onAnswer(start, bytes)
          if (--toCome === 0) resolve()
          else if (toSend > 0) send()
        },
      }
      const send = () => {
        toSend -= 1
        this.#send(frame, waiting)
      }
      for (let n = 0; n < Math.min(inFlight, count); n++) send()
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Public for the socket's callback only. */
  read(chunk: Buffer, bytes: number): void {
    // What the answers of one chunk set off goes out in one write.
    this.#socket.cork()
    for (let at = 0; at < bytes;) {
      if (this.#missing > 0) {
        const skipped = Math.min(this.#missing, bytes - at)
        this.#missing -= skipped
        at += skipped
        if (this.#missing === 0) this.#answer()
        continue
      }
      const size = this.#have < SIZE_BYTES ? SIZE_BYTES : Math.min(this.#start.length, SIZE_BYTES + this.#start.readInt32BE(0))
      const taken = Math.min(size - this.#have, bytes - at)
      chunk.copy(this.#start, this.#have, at, at + taken)
      this.#have += taken
      at += taken
      if (this.#have < size || size === SIZE_BYTES) continue
      this.#missing = SIZE_BYTES + this.#start.readInt32BE(0) - size
      if (this.#missing === 0) this.#answer()
    }
    this.#socket.uncork()
  }

  /** Public for the socket's listeners only. */
  fail(why: Error): void {
    this.#failure ??= why
    for (const each of this.#waiting.splice(0)) each.reject(this.#failure)
  }

  #send(frame: Buffer, waiting: Waiting): void {
    if (this.#failure !== undefined) {
      waiting.reject(this.#failure)
      return
    }
    this.#waiting.push(waiting)
    this.#socket.write(frame)
  }

  #answer(): void {
    const bytes = this.#start.readInt32BE(0)
    const start = this.#start.subarray(SIZE_BYTES, this.#have)
    this.#have = 0
    const waiting = this.#waiting.shift()
    try {
      waiting?.answered(start, bytes)
    } catch (problem) {
      waiting?.reject(problem instanceof Error ? problem : new Error(String(problem)))
    }
  }
}
