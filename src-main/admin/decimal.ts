/** A number as it is written, whatever its size: `digits` × 10^`exponent`. */
interface Decimal {
  readonly digits: bigint
  readonly exponent: number
}

const WRITTEN = /^([-+]?)(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?$/

/** So far apart, two numbers need not be written out to be compared. */
const FAR = 4_000

/** Undefined for what is not written as a number is in JSON or in JavaScript, and for what has more digits than anybody writes. */
function decimalOf(text: string): Decimal | undefined {
  if (text.length > FAR) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = WRITTEN.exec(text) ?? []
  if (sign === undefined || whole + fraction === '') return undefined
  const digits = BigInt(whole + fraction)
  return { digits: sign === '-' ? -digits : digits, exponent: Number(exponent) - fraction.length }
}

/** Below, at or above zero as the first is less than, as much as or more than the second, to the last digit. NaN where one of them is no number. */
export function compareWritten(one: string, other: string): number {
  const [a, b] = [decimalOf(one), decimalOf(other)]
  if (a === undefined || b === undefined) return NaN
  const [signOfA, signOfB] = [signOf(a.digits), signOf(b.digits)]
  if (signOfA !== signOfB || signOfA === 0) return signOfA - signOfB
  // Of numbers whose first digits stand in other places, nothing else is looked at.
  const places = placesOf(a) - placesOf(b)
  if (places !== 0) return places * signOfA
  const shift = a.exponent - b.exponent
  return shift >= 0 ? signOf(a.digits * 10n ** BigInt(shift) - b.digits) : signOf(a.digits - b.digits * 10n ** BigInt(-shift))
}

const signOf = (value: bigint) => (value < 0n ? -1 : value > 0n ? 1 : 0)
const placesOf = ({ digits, exponent }: Decimal) => String(digits < 0n ? -digits : digits).length + exponent
