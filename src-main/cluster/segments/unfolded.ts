import { recordBytes } from '../../protocol/records/record.ts'

/** What the records of one batch may unfold to: far more than a broker takes by default, and soon done with. */
const MAX_UNFOLDED_BYTES = 64 * 1024 * 1024

/** The records of a whole batch as bytes. Throws MalformedMessage. */
export const unfolded = (batch: Buffer): Buffer => recordBytes(batch, 0, MAX_UNFOLDED_BYTES)
