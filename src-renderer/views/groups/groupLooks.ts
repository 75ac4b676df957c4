import { CircleCheck, CircleDashed, CircleHelp, LoaderCircle, Moon } from '@lucide/vue'
import type { Component } from 'vue'
import type { GroupState } from '../../../src-main/contract/groups.ts'

/** A shape and a tone for each state Kafka gives a group. */
export const groupLooks: Record<GroupState, { tone: 'ok' | 'warn' | 'accent' | 'neutral'; icon: Component }> = {
  Stable: { tone: 'ok', icon: CircleCheck },
  Empty: { tone: 'neutral', icon: CircleDashed },
  PreparingRebalance: { tone: 'accent', icon: LoaderCircle },
  CompletingRebalance: { tone: 'accent', icon: LoaderCircle },
  Assigning: { tone: 'accent', icon: LoaderCircle },
  Reconciling: { tone: 'accent', icon: LoaderCircle },
  Dead: { tone: 'neutral', icon: Moon },
  Unknown: { tone: 'neutral', icon: CircleHelp },
}
