/** One thing that will happen, unless it is cancelled by `EventQueue.cancel`. */
export interface ScheduledEvent {
  readonly at: number
  readonly tie: number
  readonly sequence: number
  /** Whose it is: it does not happen when that life has ended, and waits while it is frozen. */
  readonly life: Life | undefined
  readonly label: string
  readonly run: () => void
  readonly cancelled: boolean
}

/** One life of a simulated process, from its start to its crash. What belongs to a life that ended never happens. */
export class Life {
  readonly node: string
  readonly number: number
  alive = true
  frozen = false
  /** Came due while frozen. */
  parked: ScheduledEvent[] = []

  constructor(node: string, number: number) {
    this.node = node
    this.number = number
  }

  toString(): string {
    return `${this.node}#${this.number}`
  }
}
