import type { ReassignmentList } from '../../../src-main/contract/reassignments.ts'
import { bytesText, count } from '../../composables/format.ts'

/** A text of `moves.underway`, its values, and the number that decides between its forms. */
export type ThrottleText = readonly [
  key: 'throttled' | 'throttleLeft' | 'throttleGoes' | 'throttleGoesNow' | 'throttleWaits' | 'throttleStays' | 'throttleOfOthers',
  values: Readonly<Record<string, string>>,
  n: number,
]

/** What holds copying back, and who will end that. */
export function throttleTexts(
  { bytesPerSecond, removal }: NonNullable<ReassignmentList['throttle']>,
  underway: number,
  isReadOnly: boolean,
): ThrottleText[] {
  const held: ThrottleText = [underway === 0 ? 'throttleLeft' : 'throttled', { rate: bytesText(bytesPerSecond) }, 1]
  return [held, end()]

  function end(): ThrottleText {
    if (removal === null) return ['throttleOfOthers', {}, 1]
    if (removal.left > 0) return ['throttleGoes', { n: count(removal.moves) }, removal.moves]
    if (isReadOnly) return ['throttleWaits', {}, 1]
    return removal.problem === null ? ['throttleGoesNow', {}, 1] : ['throttleStays', { why: removal.problem }, 1]
  }
}
