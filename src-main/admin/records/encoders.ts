import type { PayloadEncoding, WrittenPayload } from '../../contract/records.ts'
import { troubleOf } from '../schemas/registryTrouble.ts'
import type { SchemaServices } from '../schemas/schemaServices.ts'
import { WrongRecord } from './wrongRecord.ts'

/** Makes bytes of what was written. Throws `WrongRecord`. */
export type Encode = (text: string) => Buffer

/** Where a payload will stand. */
export interface PayloadPlace {
  readonly clusterId: string
  readonly topic: string
  readonly part: 'key' | 'value' | 'header'
}

/** How payloads become bytes. Resolves once all that it takes is at hand: for those with a schema, the schema. Rejects with `WrongRecord`. */
export type EncoderSource = (written: Omit<WrittenPayload, 'text'>, place: PayloadPlace) => Promise<Encode>

const ENCODERS: Readonly<Record<Exclude<PayloadEncoding, 'schema'>, Encode>> = {
  text: fromText,
  json: fromJson,
  hex: fromHex,
  base64: fromBase64,
}

/** Encodings of which only `schema` needs more than what was written. */
export function encodersWith(writerOf: SchemaServices['writerOf']): EncoderSource {
  return async ({ encoding }, { part, ...place }) => {
    if (encoding !== 'schema') return ENCODERS[encoding]
    if (part === 'header') throw new WrongRecord('noSchemaOfHeaders')
    try {
      const write = await writerOf({ ...place, part })
      return text => {
        try {
          return write(text)
        } catch (problem) {
          throw explained(problem)
        }
      }
    } catch (problem) {
      throw explained(problem)
    }
  }
}

function explained(problem: unknown): WrongRecord {
  const { what, path } = troubleOf(problem)
  return path === '' ? new WrongRecord('schema', { why: what }) : new WrongRecord('schemaAt', { path, why: what })
}

/** UTF-8. Half a surrogate pair, of which JSON can tell, has no bytes. */
export function fromText(text: string): Buffer {
  if (!text.isWellFormed()) throw new WrongRecord('halfCharacter')
  return Buffer.from(text, 'utf8')
}

/** As it was written, once it is known to be JSON. */
function fromJson(text: string): Buffer {
  try {
    JSON.parse(text)
  } catch (problem) {
    throw new WrongRecord('noJson', { why: (problem as Error).message })
  }
  return fromText(text)
}

function fromHex(text: string): Buffer {
  const digits = text.replace(/\s+/g, '')
  const wrong = /[^0-9a-fA-F]/.exec(digits)
  if (wrong !== null) throw new WrongRecord('noHexDigit', { digit: wrong[0] })
  if (digits.length % 2 === 1) throw new WrongRecord('oddHex', { n: digits.length })
  return Buffer.from(digits, 'hex')
}

/** Both alphabets; padded or not. */
export function fromBase64(text: string): Buffer {
  const digits = text.replace(/\s+/g, '').replace(/=+$/, '')
  const wrong = /[^A-Za-z0-9+/_-]/.exec(digits)
  if (wrong !== null) throw new WrongRecord('noBase64Digit', { digit: wrong[0] })
  if (digits.length % 4 === 1) throw new WrongRecord('base64Cut')
  return Buffer.from(digits, 'base64')
}
