const REGISTER_BITS = 14
const REGISTERS = 1 << REGISTER_BITS
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS)

/** Up to here every key's hash is kept, and the count is right to one. */
const MOST_KEPT = 10_000
/** Of the lower hash, what fits beside the upper one into a number without loss. */
const LOW_BITS = 21

/**
 * How many different keys there were. Few are counted; of more there is an estimate that does without keeping them: HyperLogLog (Flajolet et al., 2007) over 16,384 registers, 16 KB however many come. A
 * key is known by a hash of 64 bits, so that counts of billions need no correction for keys that share one.
 */
export class DistinctCount {
  readonly #registers = new Uint8Array(REGISTERS)
  #kept: Set<number> | undefined = new Set()
  #added = 0

  add(key: Uint8Array): void {
    this.#added += 1
    const high = hash(key, 0x9747_b28c)
    const low = hash(key, 0x3c6e_f372)
    if (this.#kept !== undefined && this.#kept.add(high * 2 ** LOW_BITS + (low >>> (32 - LOW_BITS))).size > MOST_KEPT)
      this.#kept = undefined
    const register = high >>> (32 - REGISTER_BITS)
    // The place of the first one among the 50 bits that are left.
    const rest = high << REGISTER_BITS
    const rank = rest !== 0 ? Math.clz32(rest) + 1 : 32 - REGISTER_BITS + Math.clz32(low) + 1
    if (rank > this.#registers[register]!) this.#registers[register] = rank
  }

  /** The standard error of the estimate, as a share of it. */
  get error(): number {
    return this.#kept === undefined ? 1.04 / Math.sqrt(REGISTERS) : 0
  }

  get estimate(): number {
    if (this.#kept !== undefined) return this.#kept.size
    let sum = 0
    let empty = 0
    for (const register of this.#registers) {
      sum += 2 ** -register
      if (register === 0) empty += 1
    }
    const raw = (ALPHA * REGISTERS * REGISTERS) / sum
    // Few keys leave registers empty, whose number says more than the others' mean.
    const likely = raw <= 2.5 * REGISTERS && empty > 0 ? REGISTERS * Math.log(REGISTERS / empty) : raw
    // Where nearly every key is its own, chance would have it that there are more of them than there are records.
    return Math.min(this.#added, Math.round(likely))
  }
}

/** MurmurHash3 of 32 bits: all bits of it are as good as random, which Kafka's murmur2 is not in its upper ones. */
function hash(bytes: Uint8Array, seed: number): number {
  const { length } = bytes
  let state = seed
  let at = 0
  for (; at + 4 <= length; at += 4) {
    state ^= scrambled(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
    state = (Math.imul((state << 13) | (state >>> 19), 5) + 0xe654_6b64) | 0
  }
  let word = 0
  for (let rest = length - 1; rest >= at; rest--) word = (word << 8) | bytes[rest]!
  state ^= scrambled(word) ^ length
  state = Math.imul(state ^ (state >>> 16), 0x85eb_ca6b)
  state = Math.imul(state ^ (state >>> 13), 0xc2b2_ae35)
  return (state ^ (state >>> 16)) >>> 0
}

function scrambled(word: number): number {
  const mixed = Math.imul(word, 0xcc9e_2d51)
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b87_3593)
}
