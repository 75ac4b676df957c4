/** A filter that cannot be understood. `details.problem` says why, in the words of whoever read it. */
export class InvalidFilter extends Error {
  readonly code = 'INVALID_FILTER'
  readonly details: { readonly problem: string }

  constructor(problem: string) {
    super(`The filter cannot be understood: ${problem}`)
    this.name = 'InvalidFilter'
    this.details = { problem }
  }
}
