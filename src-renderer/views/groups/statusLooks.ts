import { CircleCheck, CircleDashed, CirclePause, OctagonPause, Rewind, TriangleAlert } from '@lucide/vue'
import type { Component } from 'vue'
import type { LagStatus } from '../../../src-main/contract/groups.ts'

export interface StatusLook {
  readonly tone: 'ok' | 'warn' | 'danger' | 'neutral'
  readonly icon: Component
}

/** A shape and a tone for each status, so that it reads without colour. */
export const statusLooks: Record<LagStatus, StatusLook> = {
  ok: { tone: 'ok', icon: CircleCheck },
  warning: { tone: 'warn', icon: TriangleAlert },
  rewound: { tone: 'warn', icon: Rewind },
  stopped: { tone: 'danger', icon: CirclePause },
  stalled: { tone: 'danger', icon: OctagonPause },
  unknown: { tone: 'neutral', icon: CircleDashed },
}

const byTrouble: readonly LagStatus[] = ['ok', 'unknown', 'warning', 'rewound', 'stopped', 'stalled']

/** The more, the worse. */
export const troubleOf = (status: LagStatus) => byTrouble.indexOf(status)

export const worstOf = (statuses: readonly LagStatus[]): LagStatus => byTrouble[Math.max(-1, ...statuses.map(troubleOf))] ?? 'unknown'

/** The worst first, of equals the one that is further behind. */
export const compareTrouble = (
  one: { readonly status: LagStatus; readonly totalLag: number | null; readonly groupId: string },
  other: typeof one,
) =>
  troubleOf(other.status) - troubleOf(one.status) || (other.totalLag ?? -1) - (one.totalLag ?? -1) || (one.groupId < other.groupId ? -1 : 1)
