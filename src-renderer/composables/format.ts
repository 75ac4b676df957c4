/** Numbers as every screen writes them: grouped, never abbreviated where a difference of one matters. */
export const count = (value: number) => value.toLocaleString('en-US')

/** A true minus sign, so that columns of signed numbers line up; `=` where there is no distance. */
export const distance = (value: number) => (value === 0 ? '=' : `${value > 0 ? '+' : '\u2212'}${count(Math.abs(value))}`)

/** What is shown where nothing is known. */
export const UNKNOWN = '\u2013'

/** A count, or an en dash where it is not known. */
export const countOr = (value: number | null) => (value === null ? UNKNOWN : count(value))

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/** Bytes as a number and its unit, three significant digits: for sizes and rates, where a byte more or less means nothing. */
export function bytes(value: number): { value: string; unit: string } {
  let unit = 0
  let scaled = value
  while (scaled >= 999.5 && unit < UNITS.length - 1) {
    scaled /= 1000
    unit += 1
  }
  const digits = unit === 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2
  return { value: scaled.toFixed(digits), unit: UNITS[unit] ?? 'B' }
}

export const bytesText = (value: number) => {
  const shown = bytes(value)
  return `${shown.value} ${shown.unit}`
}

const two = (value: number) => String(value).padStart(2, '0')

/** Local time of day to the millisecond. */
export function timeOfDay(ms: number): string {
  const at = new Date(ms)
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`
}

/** Local date and time to the millisecond. */
export function dateTime(ms: number): string {
  const at = new Date(ms)
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${timeOfDay(ms)}`
}

const SHORT = ['', 'k', 'M', 'G', 'T'] as const

/** A number in three digits and a letter: for progress and rates only, where nobody counts. */
export function shortened(value: number): string {
  if (value < 1000) return value < 10 && !Number.isInteger(value) ? value.toFixed(1) : String(Math.round(value))
  let unit = 0
  let scaled = value
  while (scaled >= 999.5 && unit < SHORT.length - 1) {
    scaled /= 1000
    unit += 1
  }
  return `${scaled.toFixed(scaled < 99.95 ? 1 : 0)} ${SHORT[unit]}`
}

/** A mark on an axis of time, as fine as its steps. */
export function timeLabel(ms: number, stepMs: number): string {
  const at = new Date(ms)
  const day = `${two(at.getMonth() + 1)}-${two(at.getDate())}`
  if (stepMs >= 86_400_000) return day
  const minutes = `${two(at.getHours())}:${two(at.getMinutes())}`
  if (stepMs >= 900_000) return `${day} ${minutes}`
  if (stepMs >= 60_000) return minutes
  return stepMs >= 1_000 ? `${minutes}:${two(at.getSeconds())}` : timeOfDay(ms)
}

/** A round duration in the largest unit that holds it whole: `15 s`, `5 min`. */
export function roundDuration(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ] as const
  const [name, size] = units.find(([, each]) => ms >= each && ms % each === 0) ?? ['ms', 1]
  return `${ms / size} ${name}`
}

/** A duration in its two largest units. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60]
  if (days > 0) return `${days} d ${two(hours)} h`
  if (hours > 0) return `${hours} h ${two(minutes)} min`
  if (minutes > 0) return `${minutes} min ${two(seconds % 60)} s`
  return `${seconds} s`
}
