/** What decoders make of values for which JSON has no word. */

/** Numbers as they are written: TypeScript does not know of it yet. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): unknown }

/** A number of JSON that no number of JavaScript is: with all its digits, and in JSON again as it was written. */
export class ExactNumber {
  readonly #written: string

  constructor(written: string) {
    this.#written = written
  }

  toString(): string {
    return this.#written
  }

  toJSON(): unknown {
    return rawJson(this.#written)
  }
}

/** A number where it is exact, otherwise the bigint itself. */
export function integerOf(bits: bigint): number | bigint {
  const number = Number(bits)
  return Number.isSafeInteger(number) ? number : bits
}

/** JSON has no word for what is not finite: its name in JavaScript. */
export const floatOf = (value: number): number | string => (Number.isFinite(value) ? value : String(value))

/** The shortest number that is this float of 32 bits: 0.1 rather than 0.10000000149011612. */
export function float32Of(value: number): number | string {
  if (!Number.isFinite(value)) return String(value)
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return Number(value.toPrecision(9))
}

/** Bytes inside a decoded value. */
export const hexOf = (bytes: Buffer): string => `0x${bytes.toString('hex')}`

/** Sets what may be called `__proto__` too. */
export function put(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
  else object[name] = value
}

/** A decoded value as the text of JSON, all digits kept, however deep it is nested. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch (problem) {
    if (!(problem instanceof RangeError)) return textWithBigints(value)
    // What can be parsed can be deeper than the stack that JSON.stringify takes for itself.
    return deepJsonText(value)
  }
}

function textWithBigints(value: unknown): string {
  try {
    return JSON.stringify(value, replaceBigints)
  } catch (problem) {
    if (!(problem instanceof RangeError)) throw problem
    return deepJsonText(value)
  }
}

const replaceBigints = (_: string, value: unknown) => (typeof value === 'bigint' ? rawJson(`${value}`) : value)

interface Open {
  readonly close: string
  readonly items: Iterator<readonly [name: string | null, value: unknown]>
  isFirst: boolean
}

function deepJsonText(root: unknown): string {
  const pieces: string[] = []
  const open: Open[] = []
  const write = (value: unknown) => {
    if (typeof value !== 'object' || value === null || value instanceof ExactNumber) {
      pieces.push(JSON.stringify(value, replaceBigints) ?? 'null')
      return
    }
    const isArray = Array.isArray(value)
    pieces.push(isArray ? '[' : '{')
    const items = isArray ? value.map(each => [null, each] as const) : Object.entries(value)
    open.push({ close: isArray ? ']' : '}', items: items.values(), isFirst: true })
  }
  write(root)
  for (let innermost = open.at(-1); innermost !== undefined; innermost = open.at(-1)) {
    const { value: item, done } = innermost.items.next()
    if (done === true) {
      pieces.push(innermost.close)
      open.pop()
      continue
    }
    if (!innermost.isFirst) pieces.push(',')
    innermost.isFirst = false
    if (item[0] !== null) pieces.push(JSON.stringify(item[0]), ':')
    write(item[1])
  }
  return pieces.join('')
}
