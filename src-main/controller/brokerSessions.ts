import type { Clock, Timer } from '../env/env.ts'
import type { ShutdownProgress } from './registrations.ts'

interface Session {
  readonly timer: Timer
  /** That carried the last heartbeat; undefined for a broker known from the log only. */
  readonly connectionId: number | undefined
  /** Newest metadata that the broker has applied; -1 when it has not said. */
  readonly metadataOffset: number
  readonly controlledShutdownOffset: number | undefined
  /** Its connection is closed: probably the process is gone. */
  readonly isSuspect: boolean
}

/** A timer that is so late was not held up by the work of a moment. */
const STOOD_STILL_MS = 100

/**
 * Which brokers are alive, as the active controller sees it: whoever heartbeats has a session, which ends some time after the last heartbeat, or
 * soon after its connection closed. Gone with the leadership: the next controller begins anew.
 */
export class BrokerSessions {
  readonly #clock: Clock
  readonly #times: { readonly brokerSessionTimeoutMs: number; readonly disconnectGraceMs: number }
  readonly #expired: (brokerId: number) => void
  readonly #sessions = new Map<number, Session>()

  constructor(
    clock: Clock,
    times: { readonly brokerSessionTimeoutMs: number; readonly disconnectGraceMs: number },
    expired: (brokerId: number) => void,
  ) {
    this.#clock = clock
    this.#times = times
    this.#expired = expired
  }

  /** For brokers that the log calls unfenced when a controller takes over: a full session to show up, or a short one when there is reason for doubt. */
  expect(brokerId: number, { isSuspect }: { readonly isSuspect: boolean }): void {
    const delayMs = isSuspect ? this.#times.disconnectGraceMs : this.#times.brokerSessionTimeoutMs
    this.#set(brokerId, delayMs, { connectionId: undefined, metadataOffset: -1, controlledShutdownOffset: undefined, isSuspect })
  }

  heartbeat(brokerId: number, { connectionId, metadataOffset }: { readonly connectionId: number; readonly metadataOffset: number }): void {
    const controlledShutdownOffset = this.#sessions.get(brokerId)?.controlledShutdownOffset
    this.#set(brokerId, this.#times.brokerSessionTimeoutMs, { connectionId, metadataOffset, controlledShutdownOffset, isSuspect: false })
  }

  /** A connection closed, any: whoever sent its last heartbeat over it has to send another soon. */
  connectionClosed(connectionId: number): void {
    for (const [brokerId, session] of this.#sessions) {
      if (session.connectionId === connectionId) this.#set(brokerId, this.#times.disconnectGraceMs, { ...session, isSuspect: true })
    }
  }

  /** The broker's leaderships were moved by records that end at `offset`. */
  movedLeaderships(brokerId: number, offset: number): void {
    const session = this.#sessions.get(brokerId)
    if (session !== undefined) this.#sessions.set(brokerId, { ...session, controlledShutdownOffset: offset })
  }

  /** Whether the broker is known to live: from itself, not from the log only. */
  isValid(brokerId: number): boolean {
    const session = this.#sessions.get(brokerId)
    return session?.connectionId !== undefined && !session.isSuspect
  }

  forget(brokerId: number): void {
    this.#sessions.get(brokerId)?.timer.cancel()
    this.#sessions.delete(brokerId)
  }

  /** What a broker on its way out has to wait for. */
  shutdownProgress(brokerId: number, activeBrokers: Iterable<number>): ShutdownProgress {
    const offsets = [...activeBrokers].map(active => this.#sessions.get(active)?.metadataOffset ?? -1)
    return {
      controlledShutdownOffset: this.#sessions.get(brokerId)?.controlledShutdownOffset,
      lowestActiveOffset: Math.min(Infinity, ...offsets),
    }
  }

  close(): void {
    for (const { timer } of this.#sessions.values()) timer.cancel()
    this.#sessions.clear()
  }

  #set(brokerId: number, delayMs: number, session: Omit<Session, 'timer'>): void {
    this.#sessions.get(brokerId)?.timer.cancel()
    const due = this.#clock.elapsed() + delayMs
    const timer = this.#clock.after(delayMs, () => {
      // When this process itself stood still, heartbeats may have come that it has not read yet.
      if (this.#clock.elapsed() - due > STOOD_STILL_MS) return this.#set(brokerId, this.#times.disconnectGraceMs, session)
      this.#sessions.delete(brokerId)
      this.#expired(brokerId)
    })
    this.#sessions.set(brokerId, { ...session, timer })
  }
}
