import { randomBytes, randomInt } from 'node:crypto'
import type { Random } from '../env.ts'

export const nodeRandom: Random = {
  below: bound => randomInt(bound),
  bytes: length => randomBytes(length),
}
