import type { Life, ScheduledEvent } from './life.ts'

/** Cancelled events are removed together, once there are so many and they are the most. */
const MANY_CANCELLED = 256

/** A binary heap: earliest first, then by the drawn `tie`, then in the order of scheduling. */
export class EventQueue {
  #heap: ScheduledEvent[] = []
  #sequence = 0
  #cancelled = 0

  push(at: number, tie: number, life: Life | undefined, label: string, run: () => void): ScheduledEvent {
    const event: ScheduledEvent = { at, tie, sequence: this.#sequence++, life, label, run, cancelled: false }
    this.#heap.push(event)
    this.#rise(event, this.#heap.length - 1)
    return event
  }

  /** It does not happen. Harmless when it already did. */
  cancel(event: ScheduledEvent): void {
    if (event.cancelled) return
    ;(event as { cancelled: boolean }).cancelled = true
    this.#cancelled++
    // Most are timeouts of what went well: left in place until their time, they would be nearly all there is in the heap.
    if (this.#cancelled > MANY_CANCELLED && this.#cancelled > this.#heap.length / 2) this.#removeCancelled()
  }

  /** The next event that was not cancelled, left in place. */
  peek(): ScheduledEvent | undefined {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || !first.cancelled) return first
      this.#removeFirst()
    }
  }

  pop(): ScheduledEvent | undefined {
    const first = this.peek()
    if (first !== undefined) this.#removeFirst()
    return first
  }

  clear(): void {
    this.#heap.length = 0
  }

  /** The order is total, so that it does not depend on how the heap lies. */
  #removeCancelled(): void {
    this.#heap = this.#heap.filter(event => !event.cancelled)
    this.#cancelled = 0
    for (let index = (this.#heap.length >> 1) - 1; index >= 0; index--) this.#sink(this.#heap[index]!, index)
  }

  #removeFirst(): void {
    const last = this.#heap.pop()!
    if (this.#heap.length > 0) this.#sink(last, 0)
  }

  #rise(event: ScheduledEvent, from: number): void {
    const heap = this.#heap
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]!
      if (!isBefore(event, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = event
  }

  #sink(event: ScheduledEvent, from: number): void {
    const heap = this.#heap
    const { length } = heap
    let index = from
    for (;;) {
      let least = 2 * index + 1
      if (least >= length) break
      if (least + 1 < length && isBefore(heap[least + 1]!, heap[least]!)) least++
      const below = heap[least]!
      if (!isBefore(below, event)) break
      heap[index] = below
      index = least
    }
    heap[index] = event
  }
}

function isBefore(one: ScheduledEvent, other: ScheduledEvent): boolean {
  if (one.at !== other.at) return one.at < other.at
  if (one.tie !== other.tie) return one.tie < other.tie
  return one.sequence < other.sequence
}
