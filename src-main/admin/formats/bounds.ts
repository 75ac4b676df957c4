import type { DecodeProblem } from '../../contract/formats.ts'
import { MalformedMessage } from '../../protocol/byteReader.ts'

/** How much work a value may be: what is beyond is left out, and said so. */
export interface DecodeBounds {
  /** Bytes that are looked at. */
  readonly bytes: number
  /** Bytes that may come out of what is packed: more, and it stays packed. */
  readonly unpacked: number
  /** Values within the value. */
  readonly parts: number
}

/** A page has a thousand rows, each of which shows half a thousand characters. */
export const ROW_BOUNDS: DecodeBounds = { bytes: 64 * 1024, unpacked: 64 * 1024, parts: 2_000 }
/** A column may look far into a value; there are few such values on a page. */
export const COLUMN_BOUNDS: DecodeBounds = { bytes: 8 * 1024 * 1024, unpacked: 8 * 1024 * 1024, parts: 100_000 }
/** One record, on the thread that answers everybody: some tens of milliseconds. */
export const DETAIL_BOUNDS: DecodeBounds = { bytes: 16 * 1024 * 1024, unpacked: 16 * 1024 * 1024, parts: 100_000 }
/** Of one record as much as is shown: values take up to some times their bytes as text, and parts some characters each. */
export const boundsOfDetail = (limit: number): DecodeBounds => ({
  bytes: Math.min(DETAIL_BOUNDS.bytes, limit * 4),
  unpacked: DETAIL_BOUNDS.unpacked,
  parts: Math.min(DETAIL_BOUNDS.parts, Math.max(ROW_BOUNDS.parts, Math.ceil(limit / 8))),
})
/** In a thread that does nothing else. */
export const SEARCH_BOUNDS: DecodeBounds = { bytes: 64 * 1024 * 1024, unpacked: 64 * 1024 * 1024, parts: 5_000_000 }

/** Deeper values are no data but an attack on whoever reads them. */
export const MAX_DEPTH = 500

/** A value nested too deep. */
export class TooDeep extends Error {
  override readonly name = 'TooDeep'
}

/** Made of some bytes; `isCut`: not all of it. */
export interface DecodedValue {
  readonly value: unknown
  readonly isCut: boolean
}

/** What to say of what a decoder has thrown. */
export function problemOf(thrown: unknown): DecodeProblem {
  if (thrown instanceof TooDeep) return { code: 'tooDeep', details: { limit: MAX_DEPTH } }
  if (thrown instanceof MalformedMessage) return { code: 'malformed', details: { what: thrown.reason, at: thrown.position } }
  throw thrown
}
