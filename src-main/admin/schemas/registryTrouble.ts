import type { SchemaTrouble } from '../../contract/schemas.ts'
import { SchemaProblem } from './schemaProblem.ts'

/** Why a schema could not be had: from the registry, from a file, or because it cannot be read. */
export class NoSchema extends Error {
  readonly code: SchemaTrouble['code']

  constructor(code: SchemaTrouble['code'], what: string) {
    super(what)
    this.name = 'NoSchema'
    this.code = code
  }
}

const FAULTS = { schema: 'badSchema', data: 'data', value: 'value', registry: 'unreachable' } as const

/** As the contract has it; what is neither is thrown on. */
export function troubleOf(problem: unknown): SchemaTrouble {
  if (problem instanceof NoSchema) return { code: problem.code, what: problem.message, path: '' }
  if (problem instanceof SchemaProblem) return { code: FAULTS[problem.fault], what: problem.reason, path: problem.path }
  throw problem
}
