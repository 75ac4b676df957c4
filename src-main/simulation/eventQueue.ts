/** One thing that will happen. Cancelled ones stay in the queue until their time and then do nothing. */
export interface ScheduledEvent {
  readonly at: number
  readonly tie: number
  readonly sequence: number
  readonly label: string
  readonly run: () => void
  cancelled: boolean
}

/** A binary heap: earliest first, then by the drawn `tie`, then in the order of scheduling. */
export class EventQueue {
  readonly #heap: ScheduledEvent[] = []
  #sequence = 0

  push(at: number, tie: number, label: string, run: () => void): ScheduledEvent {
    const event: ScheduledEvent = { at, tie, sequence: this.#sequence++, label, run, cancelled: false }
    this.#heap.push(event)
    this.#rise(this.#heap.length - 1)
    return event
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

  #removeFirst(): void {
    const last = this.#heap.pop()!
    if (this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #rise(index: number): void {
    const heap = this.#heap
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!before(heap[index]!, heap[parent]!)) return
      ;[heap[index], heap[parent]] = [heap[parent]!, heap[index]!]
      index = parent
    }
  }

  #sink(index: number): void {
    const heap = this.#heap
    for (;;) {
      const left = 2 * index + 1
      if (left >= heap.length) return
      const right = left + 1
      const least = right < heap.length && before(heap[right]!, heap[left]!) ? right : left
      if (!before(heap[least]!, heap[index]!)) return
      ;[heap[index], heap[least]] = [heap[least]!, heap[index]!]
      index = least
    }
  }
}

function before(one: ScheduledEvent, other: ScheduledEvent): boolean {
  if (one.at !== other.at) return one.at < other.at
  if (one.tie !== other.tie) return one.tie < other.tie
  return one.sequence < other.sequence
}
