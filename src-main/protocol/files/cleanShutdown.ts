import { MalformedMessage } from '../byteReader.ts'

/** The name of the file that a clean shutdown leaves behind, last of all, and a start removes: without it every log is checked. */
export const CLEAN_SHUTDOWN_FILE = '.kafka_cleanshutdown'

export function encodeCleanShutdown({ brokerEpoch }: { readonly brokerEpoch: number }): Buffer {
  return Buffer.from(JSON.stringify({ version: 0, brokerEpoch }))
}

export function decodeCleanShutdown(file: Buffer): { readonly brokerEpoch: number } {
  try {
    const content: unknown = JSON.parse(file.toString('utf8'))
    const { version, brokerEpoch } = Object(content) as { version?: unknown; brokerEpoch?: unknown }
    if (version === 0 && Number.isSafeInteger(brokerEpoch)) return { brokerEpoch: brokerEpoch as number }
  } catch (cause) {
    throw new MalformedMessage('a .kafka_cleanshutdown file is no JSON', 0, { cause })
  }
  throw new MalformedMessage('a .kafka_cleanshutdown file has no version 0 or no broker epoch', 0)
}
