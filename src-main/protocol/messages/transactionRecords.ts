/**
 * The records of `__transaction_state`: the key is an int16 record type and the transactional id, the value an int16 version and its
 * fields.
 */
import { ByteReader, MalformedMessage } from '../byteReader.ts'
import { written } from '../byteWriter.ts'
import { array, type In, int16, int32, int64, int8, nullableArray, type Out, string, struct, tagged, versionOf } from '../schema.ts'

const key = struct({ transactionalId: string })

const fields = {
  producerId: int64,
  previousProducerId: tagged(0, 1, int64, -1),
  nextProducerId: tagged(1, 1, int64, -1),
  producerEpoch: int16,
  nextProducerEpoch: tagged(3, 1, int16, -1),
  transactionTimeoutMs: int32,
  /** 0 empty, 1 ongoing, 2 preparing commit, 3 preparing abort, 4 committed, 5 aborted, 6 dead, 7 preparing epoch fence. */
  transactionStatus: int8,
  transactionPartitions: nullableArray({ topic: string, partitionIds: array(int32) }),
  transactionLastUpdateTimestampMs: int64,
  transactionStartTimestampMs: int64,
  clientTransactionVersion: tagged(2, 1, int16, 0),
}
const value = struct(fields)

const TRANSACTION_LOG = 0
const FLEXIBLE_FROM = 1

export type TransactionLogValue = Out<typeof fields>

export interface TransactionRecord {
  readonly transactionalId: string
  /** Null forgets the transactional id. */
  readonly value: TransactionLogValue | null
}

export function encodeTransactionRecord(
  transactionalId: string,
  state: In<typeof fields> | null,
): { readonly key: Buffer; readonly value: Buffer | null } {
  return {
    key: written(to => {
      to.int16(TRANSACTION_LOG)
      key.write(to, { transactionalId }, versionOf(0, undefined))
    }),
    value:
      state &&
      written(to => {
        to.int16(FLEXIBLE_FROM)
        value.write(to, state, versionOf(FLEXIBLE_FROM, FLEXIBLE_FROM))
      }),
  }
}

/** Undefined for a record of a type that we do not know. */
export function decodeTransactionRecord(keyBytes: Buffer, valueBytes: Buffer | null): TransactionRecord | undefined {
  const from = new ByteReader(keyBytes)
  if (from.int16() !== TRANSACTION_LOG) return undefined
  const { transactionalId } = key.read(from, versionOf(0, undefined))
  if (valueBytes === null) return { transactionalId, value: null }
  const state = new ByteReader(valueBytes)
  const version = state.int16()
  if (version < 0 || version > FLEXIBLE_FROM) throw new MalformedMessage(`version ${version} of a transaction's state is not known`, 0)
  return { transactionalId, value: value.read(state, versionOf(version, FLEXIBLE_FROM)) }
}
