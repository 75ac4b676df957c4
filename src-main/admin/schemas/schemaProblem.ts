/** What is wrong: the schema itself, bytes that do not follow it, a value that does not fit it, or the way to the schema. */
export type SchemaFault = 'schema' | 'data' | 'value' | 'registry'

/** Why something could not be read or written with a schema, and where in it. */
export class SchemaProblem extends Error {
  readonly fault: SchemaFault
  /** The field, as people write it: `order.lines[2].price`; empty for the whole. */
  readonly path: string
  /** Without the path. */
  readonly reason: string

  constructor(fault: SchemaFault, reason: string, path: SchemaPath = []) {
    const text = pathText(path)
    super(text === '' ? `${reason}.` : `${text}: ${reason}.`)
    this.name = 'SchemaProblem'
    this.fault = fault
    this.reason = reason
    this.path = text
  }
}

/** Names of fields and numbers of items, from the outside to the inside. */
export type SchemaPath = readonly (string | number)[]

function pathText(path: SchemaPath): string {
  return path
    .map((step, n) =>
      typeof step === 'number' ? `[${step}]` : /^[\w$]+$/.test(step) ? (n === 0 ? step : `.${step}`) : `[${JSON.stringify(step)}]`,
    )
    .join('')
}
