import { ByteReader } from '../../protocol/byteReader.ts'
import { integerOf } from './jsonAble.ts'
import { entryOf } from './javaSerializers.ts'

/** Keys of Kafka Streams: the key, and behind it in eight bytes each the times of its window. */
export type StreamsKey = 'timeWindow' | 'sessionWindow' | 'windowStore'

const BYTES_BEHIND: Record<StreamsKey, number> = { timeWindow: 8, sessionWindow: 16, windowStore: 12 }

/** Throws `MalformedMessage` for what is too short. */
export function decodeStreamsKey(format: StreamsKey, bytes: Buffer): Record<string, unknown> {
  const from = new ByteReader(bytes)
  const key = entryOf(from.bytes(Math.max(0, bytes.length - BYTES_BEHIND[format])))
  const time = () => integerOf(from.int64Bits())
  switch (format) {
    case 'timeWindow':
      return { key, windowStartMs: time() }
    case 'sessionWindow': {
      // The end comes first, so that keys sort by it.
      const windowEndMs = time()
      return { key, windowStartMs: time(), windowEndMs }
    }
    case 'windowStore':
      return { key, windowStartMs: time(), sequence: from.int32() }
  }
}
