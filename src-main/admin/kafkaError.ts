import { NetworkError } from '../env/env.ts'
import { errorMessage, errorName, isRetriable, type ErrorName } from '../protocol/errors.ts'

/** A broker's refusal, or our own in Kafka's words. `code` is Kafka's name, `message` a sentence: the broker's own where it said one. */
export class KafkaError extends Error {
  readonly code: ErrorName
  /** No further try can change it, whatever Kafka says of the code in general. */
  readonly isFinal: boolean

  constructor(code: ErrorName, message?: string | null, { cause, isFinal }: { readonly cause?: unknown; readonly isFinal?: boolean } = {}) {
    super(message !== undefined && message !== null && message !== '' ? message : (errorMessage(code) ?? code), { cause })
    this.name = 'KafkaError'
    this.code = code
    this.isFinal = isFinal ?? !isRetriable(code)
  }
}

const NONE = 0

/** Throws what an error code of an answer says; harmless for success. */
export function throwIfRefused(code: number, message?: string | null): void {
  if (code !== NONE) throw new KafkaError(errorName(code), message)
}

/** What is said of a connection that we closed ourselves. */
const CLOSED_BY_US = 'ECONNABORTED'

/** Whether the same question may be answered later or by another broker: lost and slow connections, and what Kafka calls retriable. */
export function isTransient(problem: unknown): boolean {
  if (problem instanceof KafkaError) return !problem.isFinal
  return problem instanceof NetworkError && problem.code !== CLOSED_BY_US
}
