import { duration } from './format.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const two = (value: number) => String(value).padStart(2, '0')
const TENTHS_BELOW = 10 * SECOND

/** How old something is, in a table: to the tenth of a second while that says anything. */
export const ageText = (ms: number) => (ms < TENTHS_BELOW ? `${(ms / SECOND).toFixed(1)} s` : duration(ms))

/** The same as a figure and its unit. */
export function ageFigure(ms: number): { value: string; unit: string } {
  const seconds = Math.floor(ms / SECOND)
  if (ms < MINUTE) return { value: ms < TENTHS_BELOW ? (ms / SECOND).toFixed(1) : String(seconds), unit: 's' }
  if (ms < HOUR) return { value: `${Math.floor(seconds / 60)}:${two(seconds % 60)}`, unit: 'min' }
  if (ms < DAY) return { value: `${Math.floor(ms / HOUR)}:${two(Math.floor(seconds / 60) % 60)}`, unit: 'h' }
  return { value: (ms / DAY).toFixed(1), unit: 'd' }
}

/** Records per second. */
export const rateText = (perSecond: number) =>
  perSecond.toLocaleString('en-US', { maximumFractionDigits: Math.abs(perSecond) < 10 ? 1 : 0 }).replace('-', '\u2212')
