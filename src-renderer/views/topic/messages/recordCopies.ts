import type { MessageDetail, RecordBytes } from '../../../../src-main/contract/messages.ts'

/** What a person takes out of a record, as text for the clipboard. */
export const COPIES = ['value', 'key', 'record', 'kcat'] as const
export type Copied = (typeof COPIES)[number]

/** Text as it is; bytes that are none in base64. */
export const textOf = (bytes: RecordBytes | null) => (bytes === null ? '' : (bytes.text ?? base64(bytes.bytes)))

/** The record as one JSON object: bytes that are no text say so by their name. */
export function recordAsJson(topic: string, record: MessageDetail): string {
  const part = (name: string, bytes: RecordBytes | null) =>
    bytes === null || bytes.text !== null ? { [name]: bytes === null ? null : bytes.text } : { [`${name}Base64`]: base64(bytes.bytes) }
  return JSON.stringify(
    {
      topic,
      partition: record.partition,
      offset: record.offset,
      timestamp: new Date(record.timestampMs).toISOString(),
      timestampType: record.timestampType,
      ...part('key', record.key),
      ...part('value', record.value),
      headers: record.headers.map(header => ({ key: header.key, ...part('value', header.value) })),
    },
    null,
    2,
  )
}

/** The line that reads this record with kcat, whole however large it is. */
export const kcatCommand = (servers: readonly string[], topic: string, { partition, offset }: { partition: number; offset: number }) =>
  `kcat -C -b ${servers.join(',')} -t ${topic} -p ${partition} -o ${offset} -c 1 -e -q`

function base64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(binary)
}
