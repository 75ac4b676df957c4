/** A map that remembers the `capacity` most recently used entries and forgets the rest. */
export class Lru<Key, Value> {
  readonly #capacity: number
  readonly #forgotten: ((key: Key, value: Value) => void) | undefined
  // A Map iterates in insertion order, so that re-inserting on use keeps the stalest entry first.
  readonly #entries = new Map<Key, Value>()

  /** `forgotten` is told of entries that were pushed out, not of those that were deleted or replaced. */
  constructor(capacity: number, forgotten?: (key: Key, value: Value) => void) {
    if (!(capacity >= 1)) throw new RangeError(`capacity must be at least 1, not ${capacity}`)
    this.#capacity = capacity
    this.#forgotten = forgotten
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: Key): Value | undefined {
    const value = this.#entries.get(key)
    if (value === undefined && !this.#entries.has(key)) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value as Value)
    return value
  }

  has(key: Key): boolean {
    return this.#entries.has(key)
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#capacity) return
    const [stalest] = this.#entries
    if (stalest === undefined) return
    this.#entries.delete(stalest[0])
    this.#forgotten?.(stalest[0], stalest[1])
  }

  delete(key: Key): boolean {
    return this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** From the stalest to the freshest. */
  keys(): IterableIterator<Key> {
    return this.#entries.keys()
  }

  /** From the stalest to the freshest. */
  values(): IterableIterator<Value> {
    return this.#entries.values()
  }
}
