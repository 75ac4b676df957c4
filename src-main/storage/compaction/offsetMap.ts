import { hash } from 'node:crypto'

/** Of a slot: 16 bytes of a key's hash and the offset. */
export const OFFSET_MAP_SLOT_BYTES = 24
const WORDS = 4
/** Of the slots, beyond which a search gets long. As `log.cleaner.io.buffer.load.factor`. */
const LOAD_FACTOR = 0.9

/**
 * The last offset of each key, by the key's hash: 16 bytes of SHA-256, which no two keys share, by chance or on purpose. Open addressing, linear probing.
 * Has all its memory from the beginning, because to make room for millions of keys in one turn would keep everybody else waiting; the system gives it
 * page by page, as it is used.
 */
export class OffsetMap {
  readonly #slots: number
  readonly #maxSize: number
  readonly #hashes: Uint32Array
  /** One more than the offset; 0 is an empty slot. */
  readonly #offsets: Float64Array
  #size = 0
  #latestOffset = -1

  /** Takes no more memory than for `keys`, though `limitBytes` may allow it. */
  constructor(limitBytes: number, keys: number) {
    this.#slots = Math.max(2, Math.min(Math.floor(limitBytes / OFFSET_MAP_SLOT_BYTES), Math.ceil(keys / LOAD_FACTOR) + 1))
    this.#maxSize = Math.max(1, Math.floor(this.#slots * LOAD_FACTOR))
    this.#hashes = new Uint32Array(this.#slots * WORDS)
    this.#offsets = new Float64Array(this.#slots)
  }

  /** Keys in it. */
  get size(): number {
    return this.#size
  }

  /** Every record up to here was offered: of its key, it is known whether a later one exists. -1 for none. */
  get latestOffset(): number {
    return this.#latestOffset
  }

  /** Never back. */
  raiseLatestOffset(offset: number): void {
    this.#latestOffset = Math.max(this.#latestOffset, offset)
  }

  /** Remembers the key's offset, which must be higher than all before. `false` when the key is new and there is no room for it. */
  put(key: Buffer, offset: number): boolean {
    const digest = digestOf(key)
    const at = this.#find(digest)
    if (this.#offsets[at] === 0) {
      if (this.#size === this.#maxSize) return false
      this.#hashes.set(digest, at * WORDS)
      this.#size += 1
    }
    this.#offsets[at] = offset + 1
    return true
  }

  /** The key's last offset, -1 when it has none. */
  get(key: Buffer): number {
    return this.#offsets[this.#find(digestOf(key))]! - 1
  }

  /** The slot of a hash, or the empty one where it belongs. */
  #find(digest: Uint32Array): number {
    const hashes = this.#hashes
    const offsets = this.#offsets
    let at = digest[0]! % this.#slots
    while (offsets[at] !== 0) {
      const word = at * WORDS
      if (
        hashes[word] === digest[0] &&
        hashes[word + 1] === digest[1] &&
        hashes[word + 2] === digest[2] &&
        hashes[word + 3] === digest[3]
      ) {
        break
      }
      at = at + 1 === this.#slots ? 0 : at + 1
    }
    return at
  }
}

const found = new Uint32Array(WORDS)

/** Valid until the next call. */
function digestOf(key: Buffer): Uint32Array {
  // As a string, because making a Buffer of it costs three times as much as the hash.
  const digest = hash('sha256', key, 'binary')
  for (let word = 0, at = 0; word < WORDS; word++, at += 4) {
    found[word] =
      (digest.charCodeAt(at) << 24) | (digest.charCodeAt(at + 1) << 16) | (digest.charCodeAt(at + 2) << 8) | digest.charCodeAt(at + 3)
  }
  return found
}
