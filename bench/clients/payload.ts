import { once } from 'node:events'
import { createWriteStream } from 'node:fs'

/** Of each record's value. */
export const RECORD_BYTES = 1_000
/** So many different ones, over and over. */
export const DIFFERENT = 1_000

const CITIES = ['Lisbon', 'Osaka', 'Nairobi', 'Bergen', 'Quito', 'Leipzig', 'Adelaide', 'Montréal'] as const
const STATES = ['received', 'paid', 'packed', 'shipped', 'delivered', 'returned'] as const

/** Orders as JSON, each exactly `RECORD_BYTES` long and in one line; the same ones every time. A codec makes about a third of them. */
export function orders(count: number): Buffer[] {
  let state = 1
  const below = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 0x1_0000_0000) * limit)
  }
  const digits = (length: number) => Array.from({ length }, () => below(36).toString(36)).join('')
  return Array.from({ length: count }, (_, index) => {
    const items = Array.from({ length: 8 }, () => ({ article: `A-${digits(8)}`, count: 1 + below(9), price: below(100_000) / 100 }))
    const order = {
      id: `order-${index}-${digits(12)}`,
      at: 1_700_000_000_000 + below(1e9),
      city: CITIES[below(8)],
      state: STATES[below(6)],
      items,
    }
    const text = Buffer.from(JSON.stringify({ ...order, note: '' }))
    const note = digits(Math.max(0, RECORD_BYTES - text.length))
    const whole = Buffer.from(JSON.stringify({ ...order, note }))
    if (whole.length !== RECORD_BYTES) throw new Error(`an order of ${whole.length} bytes does not fit`)
    return whole
  })
}

/** A file with so many of them, one a line. */
export async function writeOrders(path: string, count: number): Promise<void> {
  const lines = orders(DIFFERENT).flatMap(each => [each, Buffer.from('\n')])
  const file = createWriteStream(path)
  for (let left = count; left > 0; left -= DIFFERENT) {
    if (!file.write(Buffer.concat(lines.slice(0, Math.min(left, DIFFERENT) * 2)))) await once(file, 'drain')
  }
  file.end()
  await once(file, 'finish')
}
