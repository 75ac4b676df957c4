import { z } from 'zod'
import { LagAlert, type LagAlarm, type LagAlertOfGroup } from '../contract/lagHistory.ts'
import type { SeriesStore } from '../env/seriesStore.ts'

export interface AlertState {
  /** Samples in a row that were above. */
  readonly above: number
  readonly isRaised: boolean
}

const AT_REST: AlertState = { above: 0, isRaised: false }

/** What one more sample does. A lag that is not known says nothing for or against. */
export function alertStep(
  state: AlertState,
  alert: LagAlert,
  value: number | null,
): readonly [next: AlertState, told: 'raised' | 'over' | undefined] {
  if (value === null) return [state, undefined]
  if (value <= alert.above) return [AT_REST, state.isRaised ? 'over' : undefined]
  const above = state.above + 1
  const isRaised = state.isRaised || above >= alert.samples
  return [{ above, isRaised }, isRaised && !state.isRaised ? 'raised' : undefined]
}

const Rules = z.record(z.string(), LagAlert)

/** The rules of one cluster, kept beside its history, and how they stand. */
export class LagAlerts {
  readonly #store: SeriesStore
  readonly #name: string
  readonly #rules: Map<string, LagAlert>
  readonly #states = new Map<string, AlertState>()
  readonly #raised = new Map<string, LagAlarm>()
  readonly #listeners = new Set<(alarm: LagAlarm) => void>()

  constructor(store: SeriesStore, clusterId: string) {
    this.#store = store
    this.#name = `alerts ${clusterId}`
    this.#rules = new Map(Object.entries(rulesIn(store.text(this.#name))))
  }

  get all(): LagAlertOfGroup[] {
    return [...this.#rules].map(([groupId, rule]) => ({ groupId, ...rule }))
  }

  /** The alarms that are raised now. */
  get raised(): LagAlarm[] {
    return [...this.#raised.values()]
  }

  set(groupId: string, alert: LagAlert | null): void {
    if (alert === null) this.#rules.delete(groupId)
    else this.#rules.set(groupId, alert)
    this.#states.delete(groupId)
    this.#raised.delete(groupId)
    this.#store.setText(this.#name, JSON.stringify(Object.fromEntries(this.#rules)))
  }

  /** Called with each sample of a group. */
  take(groupId: string, { totalLag, lagMs, atMs }: { totalLag: number | null; lagMs: number | null; atMs: number }): void {
    const alert = this.#rules.get(groupId)
    if (alert === undefined) return
    const value = alert.unit === 'records' ? totalLag : lagMs === null ? null : lagMs / 1000
    const [next, told] = alertStep(this.#states.get(groupId) ?? AT_REST, alert, value)
    this.#states.set(groupId, next)
    if (told === undefined) return
    const alarm = { groupId, isRaised: told === 'raised', atMs, value: value ?? 0, alert }
    if (alarm.isRaised) this.#raised.set(groupId, alarm)
    else this.#raised.delete(groupId)
    for (const listen of this.#listeners) listen(alarm)
  }

  /** Returns how to stop. */
  onAlarm(listen: (alarm: LagAlarm) => void): () => void {
    this.#listeners.add(listen)
    return () => this.#listeners.delete(listen)
  }
}

/** What another version wrote is no reason not to start: then there are none. */
function rulesIn(text: string | undefined): Readonly<Record<string, LagAlert>> {
  if (text === undefined) return {}
  try {
    return Rules.safeParse(JSON.parse(text)).data ?? {}
  } catch {
    return {}
  }
}
