import { connect, type Socket } from 'node:net'

const READ_BYTES = 1024 * 1024
const SIZE_BYTES = 4
/** Of an answer so much is kept; the rest is only counted. */
const KEPT_BYTES = 256

/** The first bytes of an answer from the correlation id on, valid until the call is over, and how long the whole is. */
export type OnAnswer = (start: Buffer, bytes: number) => void

/**
 * The cheapest client there can be: whole frames go out as they are, answers come back in order, and of each no more is looked at than its first bytes.
 * What it measures is the broker.
 */
export class RawConnection {
  readonly #socket: Socket
  readonly #waiting: OnAnswer[] = []
  readonly #closed: Promise<never>
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
      socket.once('error', reject)
      socket.once('connect', () => resolve((opened = new RawConnection(socket))))
    })
  }

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#closed = new Promise((_, reject) => {
      socket.once('error', reject)
      socket.once('close', () => reject(new Error('the broker has closed the connection')))
    })
    // Told to whoever waits; nobody may.
    this.#closed.catch(() => undefined)
  }

  send(frame: Buffer, onAnswer: OnAnswer): void {
    this.#waiting.push(onAnswer)
    this.#socket.write(frame)
  }

  /** Sends one request and waits for its answer. */
  ask(frame: Buffer, onAnswer: OnAnswer = () => undefined): Promise<void> {
    return this.#orClosed(
      new Promise((resolve, reject) => {
        this.send(frame, (start, bytes) => {
          try {
            resolve(onAnswer(start, bytes))
          } catch (problem) {
            reject(problem)
          }
        })
      }),
    )
  }

  /** Sends the same request so many times, never more at once than `inFlight`. */
  pipeline(frame: Buffer, { count, inFlight, onAnswer }: { count: number; inFlight: number; onAnswer: OnAnswer }): Promise<void> {
    return this.#orClosed(
      new Promise((resolve, reject) => {
        let toSend = count
        let toCome = count
        const answered: OnAnswer = (start, bytes) => {
          try {
            onAnswer(start, bytes)
          } catch (problem) {
            reject(problem)
            return
          }
          if (--toCome === 0) resolve()
          else if (toSend-- > 0) this.send(frame, answered)
        }
        const first = Math.min(inFlight, count)
        toSend -= first
        for (let n = 0; n < first; n++) this.send(frame, answered)
      }),
    )
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

  #answer(): void {
    const bytes = this.#start.readInt32BE(0)
    const start = this.#start.subarray(SIZE_BYTES, this.#have)
    this.#have = 0
    this.#waiting.shift()?.(start, bytes)
  }

  #orClosed<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#closed])
  }
}
