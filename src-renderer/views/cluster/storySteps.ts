import { Check, Skull, Snowflake, Square, TriangleAlert } from '@lucide/vue'
import type { Component } from 'vue'
import type { ComposerTranslation } from 'vue-i18n'
import type { FailoverStory } from '../../../src-main/contract/cluster.ts'
import { count, UNKNOWN } from '../../composables/format.ts'

/** One step of a failover: what happened, how many ms after the fault, and how it looks. */
export interface StoryStep {
  /** `null` for what did not happen. */
  readonly after: number | null
  readonly tone: 'ok' | 'warn' | 'danger'
  readonly icon: Component
  readonly what: string
}

const faults = {
  killed: { icon: Skull, tone: 'danger' },
  died: { icon: Skull, tone: 'danger' },
  frozen: { icon: Snowflake, tone: 'warn' },
  stopped: { icon: Square, tone: 'warn' },
} as const

/** The fault first, then what the cluster did about it, in the order of time; last what it could not help. */
export function stepsOf(story: FailoverStory, t: ComposerTranslation): StoryStep[] {
  const done: StoryStep[] = []
  if (story.controllerElectedMs !== null) {
    const what = t('story.step.controller', { from: story.controllerFrom ?? UNKNOWN, to: story.controllerTo ?? UNKNOWN })
    done.push({ after: story.controllerElectedMs, tone: 'ok', icon: Check, what })
  }
  if (story.leadersMovedMs !== null) {
    const what = t('story.step.leaders', { n: count(story.leadersMoved) }, story.leadersMoved)
    done.push({ after: story.leadersMovedMs, tone: 'ok', icon: Check, what })
  }
  const lost: StoryStep = {
    after: null,
    tone: 'danger',
    icon: TriangleAlert,
    what: t('story.step.leaderless', { n: count(story.leaderless) }, story.leaderless),
  }
  return [
    { after: 0, ...faults[story.fault], what: t(`story.step.${story.fault}`, { id: story.brokerId }) },
    ...done.toSorted((a, b) => (a.after ?? 0) - (b.after ?? 0)),
    ...(story.leaderless > 0 ? [lost] : []),
  ]
}
