import type { Failure } from '../contract/channel.ts'
import { DiskError, NetworkError } from '../env/env.ts'

/** An error as the renderer gets it: a code it may have a sentence for, and our own words. Kafka's errors carry their name as `code`. */
export function toFailure(error: unknown): Failure {
  if (error instanceof NetworkError) return { code: error.code, message: error.message, details: {} }
  if (error instanceof DiskError) return { code: error.code, message: error.message, details: { path: error.path } }
  if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : 'FAILED'
    return { code, message: error.message, details: detailsOf(error) }
  }
  return { code: 'FAILED', message: String(error), details: {} }
}

function detailsOf(error: Error): Failure['details'] {
  if (!('details' in error) || typeof error.details !== 'object' || error.details === null) return {}
  return Object.fromEntries(Object.entries(error.details).filter(([, value]) => typeof value === 'string' || typeof value === 'number'))
}
