import type { Random } from '../env/env.ts'

/** A random source that the seed alone decides (sfc32). `fork` gives independent streams, so that one part's draws do not shift another's. */
export interface SeededRandom extends Random {
  /** In [0, 1). */
  fraction(): number
  /** True with this probability. */
  chance(probability: number): boolean
  /** In [from, to). */
  between(from: number, to: number): number
  fork(name: string): SeededRandom
}

export function seededRandom(seed: number | string): SeededRandom {
  let [a, b, c, d] = stateFrom(String(seed))

  function next(): number {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let round = 0; round < 12; round++) next()

  const fraction = () => next() / 0x1_0000_0000
  return {
    fraction,
    chance: probability => fraction() < probability,
    between: (from, to) => from + fraction() * (to - from),
    below: bound => Math.floor(fraction() * bound),
    bytes: length => {
      const bytes = Buffer.alloc(length)
      for (let at = 0; at < length; at++) bytes[at] = next() >>> 24
      return bytes
    },
    fork: name => seededRandom(`${seed}/${name}`),
  }
}

/** Four words out of a text (xmur3's mixing), so that neighbouring seeds share nothing. */
function stateFrom(text: string): [number, number, number, number] {
  let hash = 1779033703 ^ text.length
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 3432918353)
    hash = (hash << 13) | (hash >>> 19)
  }
  const word = () => {
    hash = Math.imul(hash ^ (hash >>> 16), 2246822507)
    hash = Math.imul(hash ^ (hash >>> 13), 3266489909)
    return (hash ^= hash >>> 16) | 0
  }
  return [word(), word(), word(), word()]
}
