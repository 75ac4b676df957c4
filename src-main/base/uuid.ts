/**
 * A 128-bit id in Kafka's text form: URL-safe base64 without padding, 22 characters. Topics, directories, clusters and incarnations have
 * one.
 */
export type Uuid = string

/** Stands for "none" wherever an id is optional on the wire. */
export const ZERO_UUID: Uuid = 'AAAAAAAAAAAAAAAAAAAAAA'

/** The id of the topic `__cluster_metadata`, the same in every cluster. */
export const METADATA_TOPIC_ID: Uuid = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** Directory ids with a meaning of their own (KIP-858); no real directory has them. */
export const MIGRATING_DIRECTORY: Uuid = ZERO_UUID
export const UNASSIGNED_DIRECTORY: Uuid = 'AAAAAAAAAAAAAAAAAAAAAQ'
export const LOST_DIRECTORY: Uuid = 'AAAAAAAAAAAAAAAAAAAAAg'

const TEXT = /^[A-Za-z0-9_-]{22}$/

/** The text of sixteen bytes, most significant first. */
export function uuidFrom(bytes: Uint8Array): Uuid {
  if (bytes.length !== 16) throw new RangeError(`a uuid has 16 bytes, not ${bytes.length}`)
  return Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('base64url')
}

/** The sixteen bytes of a uuid's text. */
export function uuidBytes(uuid: Uuid): Buffer {
  if (!isUuid(uuid)) throw new RangeError(`not a uuid: ${JSON.stringify(uuid)}`)
  return Buffer.from(uuid, 'base64url')
}

/** Whether a text has the form of a uuid. */
export function isUuid(text: string): text is Uuid {
  return TEXT.test(text)
}

/** A new id from a source of random bytes. Draws again when the text would start with '-', which command lines take for an option. */
export function randomUuid(randomBytes: (count: number) => Uint8Array): Uuid {
  for (;;) {
    const uuid = uuidFrom(randomBytes(16))
    // The first hundred ids are reserved for directories with a meaning of their own; their first 15 bytes are zero.
    if (!uuid.startsWith('-') && !uuid.startsWith('AAAAAAAAAAAAAAAAAAAA')) return uuid
  }
}
