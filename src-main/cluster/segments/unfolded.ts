import { recordBytes } from '../../protocol/records/record.ts'

/** What the records of one batch may unfold to, to be looked at one by one. */
const MAX_UNFOLDED_BYTES = 256 * 1024 * 1024

/** The records of a whole batch as bytes. Throws MalformedMessage. */
export const unfolded = (batch: Buffer): Buffer => recordBytes(batch, 0, MAX_UNFOLDED_BYTES)
