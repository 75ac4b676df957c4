import { decodeControlRecord } from '../../protocol/messages/controlRecords.ts'
import { decodeGroupRecord } from '../../protocol/messages/groupRecords.ts'
import { decodeMetadataRecord } from '../../protocol/messages/metadataRecords.ts'
import { decodeTransactionRecord } from '../../protocol/messages/transactionRecords.ts'
import { MalformedMessage } from '../../protocol/byteReader.ts'
import type { LogRecord } from '../../protocol/records/record.ts'
import type { Contents } from './fileKind.ts'

/** What a record of one of Kafka's own logs means; undefined for people's data. Throws MalformedMessage. */
export function decodeContents(
  contents: Contents,
  isControl: boolean,
  { key, value }: LogRecord,
): Readonly<Record<string, unknown>> | undefined {
  if (isControl) return { ...decodeControlRecord(keyOf(key), value) }
  switch (contents) {
    case 'data':
      return undefined
    case 'metadata':
      if (value === null) throw new MalformedMessage('a record of the metadata log has no value', 0)
      return { ...decodeMetadataRecord(value) }
    case 'groups':
      return { ...decodeGroupRecord(keyOf(key), value) }
    case 'transactions': {
      const record = decodeTransactionRecord(keyOf(key), value)
      return record === undefined ? { type: 'unknown' } : { type: 'transactionState', ...record }
    }
  }
}

function keyOf(key: Buffer | null): Buffer {
  if (key === null) throw new MalformedMessage('the record has no key', 0)
  return key
}
