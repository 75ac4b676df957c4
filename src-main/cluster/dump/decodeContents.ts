import { decodeControlRecord } from '../../protocol/messages/controlRecords.ts'
import { decodeGroupRecord } from '../../protocol/messages/groupRecords.ts'
import { decodeMetadataRecord } from '../../protocol/messages/metadataRecords.ts'
import { decodeNewerGroupRecord } from '../../protocol/messages/newerGroupRecords.ts'
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
      return withoutSecrets({ ...decodeMetadataRecord(value) })
    case 'groups': {
      const record = decodeGroupRecord(keyOf(key), value)
      return record.type === 'unknown' ? { ...decodeNewerGroupRecord(keyOf(key), value) } : { ...record }
    }
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

/** Instead of what a dump does not show, because it is copied into tickets and mails. */
export const HIDDEN = '[hidden]'

const SECRET_CONFIG = /password|secret|jaas|keystore\.key$/

/** Whether a config is a password, or holds some. */
export const isSecretConfig = (name: string): boolean => SECRET_CONFIG.test(name)

/** Differs from Kafka, whose dump shows the keys of SCRAM credentials and passwords in configs as they are. */
export function withoutSecrets(decoded: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { type, name, value } = decoded
  if (type === 'UserScramCredentialRecord') return { ...decoded, salt: HIDDEN, storedKey: HIDDEN, serverKey: HIDDEN }
  return type === 'ConfigRecord' && value !== null && isSecretConfig(String(name)) ? { ...decoded, value: HIDDEN } : decoded
}

/** Whether `decodeContents` kept something back, which the bytes of the record would tell. */
export function isSecret(decoded: Readonly<Record<string, unknown>> | undefined): boolean {
  return decoded !== undefined && Object.values(decoded).includes(HIDDEN)
}
