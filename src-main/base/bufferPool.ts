import { assert } from './assert.ts'

/** Smaller ones are not worth the trouble: they are gone with the next look at what is young. */
const SMALLEST_BYTES = 8 * 1024
const CAPACITY_BYTES = 16 * 1024 * 1024
/** Larger ones are rare. */
const LARGEST_BYTES = 12 * 1024 * 1024
/** Sizes between two powers of two, so that at most a fifth of a buffer is not used. */
const STEPS = 4

export interface BufferPoolOptions {
  /** Kept at most of what nobody uses. */
  readonly capacityBytes?: number
  readonly smallestBytes?: number
  /** Sees each buffer that nobody may look at any more: for tests that write over it. */
  readonly onGiveBack?: (buffer: Buffer) => void
}

/**
 * Large buffers that go round: each time that memory of this size is taken anew, the system has to clear it, and the garbage collector, for which
 * it counts, looks through everything after a few dozen. What is not given back is not lost; the garbage collector finds it.
 */
export class BufferPool {
  readonly #smallestBytes: number
  readonly #capacityBytes: number
  readonly #onGiveBack: ((buffer: Buffer) => void) | undefined
  /** By size, the one that was asked for longest ago first. */
  readonly #idle = new Map<number, Buffer[]>()
  #idleBytes = 0

  constructor({ capacityBytes = CAPACITY_BYTES, smallestBytes = SMALLEST_BYTES, onGiveBack }: BufferPoolOptions = {}) {
    this.#smallestBytes = smallestBytes
    this.#capacityBytes = capacityBytes
    this.#onGiveBack = onGiveBack
  }

  /** What it keeps for the next who asks. */
  get idleBytes(): number {
    return this.#idleBytes
  }

  /** What is taken through it goes back together. */
  lend(): Loan {
    return new Loan(this)
  }

  /** At least so many bytes, for several to look at. */
  share(bytes: number): SharedBuffer {
    return new SharedBuffer(this, this.take(bytes))
  }

  /** Perhaps longer than asked for: whole, as it has to come back. */
  take(bytes: number): Buffer {
    if (!this.has(bytes)) return Buffer.allocUnsafe(bytes)
    const size = sizeFor(bytes)
    const idle = this.#idle.get(size) ?? []
    this.#idle.delete(size)
    this.#idle.set(size, idle)
    const found = idle.pop()
    if (found === undefined) return Buffer.allocUnsafeSlow(size)
    this.#idleBytes -= size
    return found
  }

  /** Whether buffers of this length go round. */
  has(bytes: number): boolean {
    return bytes >= this.#smallestBytes && bytes <= LARGEST_BYTES
  }

  /** Nobody looks at it any more. */
  giveBack(buffer: Buffer): void {
    if (!this.has(buffer.length)) return
    this.#onGiveBack?.(buffer)
    this.#makeRoomFor(buffer.length)
    const idle = this.#idle.get(buffer.length)
    if (idle === undefined || this.#idleBytes + buffer.length > this.#capacityBytes) return
    this.#idleBytes += buffer.length
    idle.push(buffer)
  }

  /** At the cost of sizes that nobody has asked for since. */
  #makeRoomFor(bytes: number): void {
    for (const [size, idle] of this.#idle) {
      if (size === bytes) return
      while (idle.length > 0 && this.#idleBytes + bytes > this.#capacityBytes) {
        idle.pop()
        this.#idleBytes -= size
      }
      if (this.#idleBytes + bytes <= this.#capacityBytes) return
    }
  }
}

/** Memory for one purpose, such as one answer. */
export class Loan {
  readonly #pool: BufferPool
  readonly #taken: Buffer[] = []
  readonly #held: SharedBuffer[] = []

  constructor(pool: BufferPool) {
    this.#pool = pool
  }

  /** A buffer of this length, with anything in it. */
  take(bytes: number): Buffer {
    const buffer = this.#pool.take(bytes)
    if (!this.#pool.has(bytes)) return buffer
    this.#taken.push(buffer)
    return buffer.subarray(0, bytes)
  }

  /** Looks at it until all goes back. */
  hold(shared: SharedBuffer): void {
    shared.hold()
    this.#held.push(shared)
  }

  /** Of what was taken and held so far nobody looks at anything any more. */
  giveBack(): void {
    for (const buffer of this.#taken.splice(0)) this.#pool.giveBack(buffer)
    for (const shared of this.#held.splice(0)) shared.release()
  }
}

/** Goes back when its last holder has released it. Whoever had it made is the first. */
export class SharedBuffer {
  readonly bytes: Buffer
  readonly #pool: BufferPool
  #holders = 1

  constructor(pool: BufferPool, bytes: Buffer) {
    this.#pool = pool
    this.bytes = bytes
  }

  hold(): void {
    this.#holders += 1
  }

  release(): void {
    this.#holders -= 1
    assert(this.#holders >= 0, 'who releases a buffer holds it')
    if (this.#holders === 0) this.#pool.giveBack(this.bytes)
  }

  /** Somebody looks at it who will not say when that is over: the garbage collector has it. */
  keep(): void {
    this.#holders = Infinity
  }
}

/** The smallest of a few sizes that holds so much. */
function sizeFor(bytes: number): number {
  const power = 2 ** (31 - Math.clz32(bytes))
  const step = power / STEPS
  return power + Math.ceil((bytes - power) / step) * step
}
