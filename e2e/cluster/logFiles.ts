import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { batchesIn, isControl } from '../../src-main/protocol/records/batch.ts'
import { decodeRecords } from '../../src-main/protocol/records/record.ts'

/** All bytes of a partition's log as one broker has them on disk, segment after segment. */
export async function logBytes(brokerDirectory: string, topic: string, partition: number): Promise<Buffer> {
  const folder = join(brokerDirectory, `${topic}-${partition}`)
  const segments = (await readdir(folder)).filter(name => name.endsWith('.log')).sort()
  return Buffer.concat(await Promise.all(segments.map(name => readFile(join(folder, name)))))
}

export interface StoredRecord {
  readonly offset: number
  readonly value: string | null
}

/** Every data record of those bytes. */
export function recordsIn(bytes: Buffer): StoredRecord[] {
  const records: StoredRecord[] = []
  for (const at of batchesIn(bytes)) {
    if (isControl(bytes, at)) continue
    for (const { offset, value } of decodeRecords(bytes, at, MAX_BATCH_BYTES))
      records.push({ offset, value: value === null ? null : value.toString('utf8') })
  }
  return records
}

const MAX_BATCH_BYTES = 64 * 1024 * 1024
