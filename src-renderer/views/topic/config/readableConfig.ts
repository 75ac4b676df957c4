import { roundDuration } from '../../../composables/format.ts'

const MINUTE_MS = 60_000
const BINARY = ['KiB', 'MiB', 'GiB', 'TiB'] as const
/** Long.MAX_VALUE and the like say that there is no limit. */
const MOST = 2 ** 52

/** What a number of milliseconds or bytes comes to, where it is hard to read: `= 7 d`. Empty where there is nothing to say. */
export function readableConfig(name: string, value: string): string {
  const number = /^\d+$/.test(value) ? Number(value) : 0
  if (number === 0 || number > MOST) return ''
  if (/\.ms$/.test(name)) return number < MINUTE_MS ? '' : `= ${inLargestUnits(number)}`
  if (/\.bytes$/.test(name)) return number < 1024 ? '' : `= ${inBytes(number)}`
  return ''
}

function inLargestUnits(ms: number): string {
  const units = [86_400_000, 3_600_000, MINUTE_MS, 1_000, 1]
  const parts: string[] = []
  let rest = ms
  for (const unit of units) {
    const whole = Math.floor(rest / unit)
    if (whole > 0) parts.push(roundOf(whole, unit))
    rest -= whole * unit
  }
  return parts.join(' ')
}

const roundOf = (whole: number, unit: number) => (unit === 1 ? `${whole} ms` : `${whole} ${roundDuration(unit).slice(2)}`)

function inBytes(bytes: number): string {
  let unit = -1
  let scaled = bytes
  while (scaled >= 1024 && unit < BINARY.length - 1) {
    scaled /= 1024
    unit += 1
  }
  return Number.isInteger(scaled) ? `${scaled} ${BINARY[unit]}` : `${scaled.toFixed(2)} ${BINARY[unit]}`
}
