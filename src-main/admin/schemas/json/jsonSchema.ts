import { exactJson, isPlainList, isPlainObject, type PlainValue } from '../plainValue.ts'
import { SchemaProblem, type SchemaPath } from '../schemaProblem.ts'

type Json = Readonly<Record<string, PlainValue>>

/** What is not looked at: rules by regular expression, which a stranger's schema could make last for ever, and what refers to other parts in newer ways. */
const UNCHECKED = [
  'pattern',
  'patternProperties',
  'propertyNames',
  'if',
  'dependentSchemas',
  'dependentRequired',
  'unevaluatedProperties',
  '$dynamicRef',
]
const MAX_STEPS = 100_000

/** A JSON Schema: enough of it to tell a person before sending that a value is not what others expect. */
export class JsonSchema {
  /** Its `title`, or `$id`. */
  readonly name: string | null
  readonly #root: PlainValue
  readonly #references: ReadonlyMap<string, PlainValue>

  constructor(text: string, references: readonly { readonly name: string; readonly text: string }[] = []) {
    this.#root = parsed(text)
    this.#references = new Map(references.map(({ name, text }) => [name, parsed(text)]))
    const { title, $id } = isPlainObject(this.#root) ? this.#root : {}
    this.name = typeof title === 'string' ? title : typeof $id === 'string' ? $id : null
  }

  /** Throws a `SchemaProblem` at the first thing that does not fit. Answers which rules of the schema were not looked at. */
  check(value: PlainValue): readonly string[] {
    const checker = new Checker(this.#root, this.#references)
    checker.check(this.#root, value, [])
    return [...checker.unchecked]
  }
}

function parsed(text: string): PlainValue {
  try {
    const json = JSON.parse(text) as PlainValue
    if (isPlainObject(json) || typeof json === 'boolean') return json
  } catch (problem) {
    if (!(problem instanceof SyntaxError)) throw problem
    throw new SchemaProblem('schema', `This is not JSON, as JSON Schemas are (${problem.message})`)
  }
  throw new SchemaProblem('schema', 'This JSON is no JSON Schema')
}

class Checker {
  readonly unchecked = new Set<string>()
  readonly #references: ReadonlyMap<string, PlainValue>
  #root: PlainValue
  #stepsLeft = MAX_STEPS

  constructor(root: PlainValue, references: ReadonlyMap<string, PlainValue>) {
    this.#root = root
    this.#references = references
  }

  check(schema: PlainValue | undefined, value: PlainValue, path: SchemaPath): void {
    if (schema === false) throw new SchemaProblem('value', 'Nothing is allowed here', path)
    if (!isPlainObject(schema)) return
    if (--this.#stepsLeft < 0)
      throw new SchemaProblem('schema', 'The schema refers to itself without end, or the value is too large to be checked')
    for (const rule of UNCHECKED) if (rule in schema) this.unchecked.add(rule)
    if (typeof schema['$ref'] === 'string') this.#follow(schema['$ref'], value, path)
    checkType(schema, value, path)
    if (typeof value === 'string') checkRange(schema, ['minLength', 'maxLength'], [...value].length, 'characters', path)
    if (typeof value === 'number' || typeof value === 'bigint') checkNumber(schema, Number(value), path)
    if (isPlainList(value)) this.#list(schema, value, path)
    if (isPlainObject(value)) this.#object(schema, value, path)
    this.#combined(schema, value, path)
  }

  #object(schema: Json, value: Json, path: SchemaPath): void {
    const properties = isPlainObject(schema['properties']) ? schema['properties'] : {}
    if (isPlainList(schema['required'])) {
      for (const name of schema['required']) {
        if (typeof name === 'string' && !Object.hasOwn(value, name))
          throw new SchemaProblem('value', 'This field is missing, and it is required', [...path, name])
      }
    }
    checkRange(schema, ['minProperties', 'maxProperties'], Object.keys(value).length, 'fields', path)
    for (const [name, item] of Object.entries(value)) {
      const known = Object.hasOwn(properties, name)
      if (known) this.check(properties[name], item, [...path, name])
      else if (schema['additionalProperties'] === false && !('patternProperties' in schema))
        throw new SchemaProblem('value', 'The schema has no such field', [...path, name])
      else if (isPlainObject(schema['additionalProperties'])) this.check(schema['additionalProperties'], item, [...path, name])
    }
  }

  #list(schema: Json, value: readonly PlainValue[], path: SchemaPath): void {
    checkRange(schema, ['minItems', 'maxItems'], value.length, 'items', path)
    const { items, prefixItems } = schema
    const first = isPlainList(prefixItems) ? prefixItems : isPlainList(items) ? items : []
    const rest = isPlainList(items) ? schema['additionalItems'] : items
    value.forEach((item, n) => this.check(n < first.length ? first[n] : rest, item, [...path, n]))
    const isRepeated = schema['uniqueItems'] === true && new Set(value.map(item => exactJson(item))).size < value.length
    if (isRepeated) throw new SchemaProblem('value', 'An item is there twice', path)
  }

  #combined(schema: Json, value: PlainValue, path: SchemaPath): void {
    const { allOf, anyOf, oneOf, not } = schema
    if (isPlainList(allOf)) for (const each of allOf) this.check(each, value, path)
    if (isPlainList(anyOf)) this.#count(anyOf, value, path, fitting => fitting > 0)
    if (isPlainList(oneOf)) this.#count(oneOf, value, path, fitting => fitting === 1)
    if (not !== undefined && this.#problem(not, value, path) === undefined)
      throw new SchemaProblem('value', 'This is what the schema excludes', path)
  }

  #count(schemas: readonly PlainValue[], value: PlainValue, path: SchemaPath, isRight: (fitting: number) => boolean): void {
    const problems = schemas.map(each => this.#problem(each, value, path))
    const fitting = problems.filter(problem => problem === undefined).length
    if (isRight(fitting)) return
    if (fitting > 1)
      throw new SchemaProblem('value', `This fits ${fitting} of the ${schemas.length} ways that the schema has, and is to fit one`, path)
    // What got furthest into the value is most likely what was meant.
    throw problems.reduce((a, b) => (b!.path.length > a!.path.length ? b : a))!
  }

  #problem(schema: PlainValue, value: PlainValue, path: SchemaPath): SchemaProblem | undefined {
    try {
      this.check(schema, value, path)
      return undefined
    } catch (problem) {
      if (problem instanceof SchemaProblem && problem.fault === 'value') return problem
      throw problem
    }
  }

  #follow(ref: string, value: PlainValue, path: SchemaPath): void {
    const [document = '', pointer = ''] = ref.split('#')
    const root = document === '' ? this.#root : this.#references.get(document)
    const found = root === undefined ? undefined : at(root, pointer)
    if (found === undefined) {
      this.unchecked.add(`$ref ${ref}`)
      return
    }
    const before = this.#root
    this.#root = root!
    this.check(found, value, path)
    this.#root = before
  }
}

function at(root: PlainValue, pointer: string): PlainValue | undefined {
  let found: PlainValue | undefined = root
  for (const step of pointer.split('/').slice(1)) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
    found = isPlainList(found) ? found[Number(name)] : isPlainObject(found) && Object.hasOwn(found, name) ? found[name] : undefined
  }
  return found
}

function checkType(schema: Json, value: PlainValue, path: SchemaPath): void {
  const { type, enum: among, const: only } = schema
  const types = isPlainList(type) ? type : type === undefined ? [] : [type]
  if (types.length > 0 && !types.some(each => isOfType(each, value)))
    throw new SchemaProblem('value', `This is to be of type ${types.map(each => exactJson(each)).join(' or ')}`, path)
  const text = exactJson(value)
  if (isPlainList(among) && !among.some(each => exactJson(each) === text)) {
    throw new SchemaProblem(
      'value',
      `This is to be one of ${among
        .slice(0, 20)
        .map(each => exactJson(each))
        .join(', ')}`,
      path,
    )
  }
  if (only !== undefined && exactJson(only) !== text) throw new SchemaProblem('value', `This is to be ${exactJson(only)}`, path)
}

function isOfType(type: PlainValue, value: PlainValue): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'integer':
      return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint'
    case 'array':
      return isPlainList(value)
    case 'object':
      return isPlainObject(value)
    default:
      return typeof value === type
  }
}

function checkNumber(schema: Json, value: number, path: SchemaPath): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  // In older drafts the exclusive ones are true or false, and say how the others are meant.
  const above = typeof exclusiveMinimum === 'number' ? exclusiveMinimum : exclusiveMinimum === true ? minimum : undefined
  const below = typeof exclusiveMaximum === 'number' ? exclusiveMaximum : exclusiveMaximum === true ? maximum : undefined
  if (typeof minimum === 'number' && value < minimum) throw new SchemaProblem('value', `This is to be at least ${minimum}`, path)
  if (typeof maximum === 'number' && value > maximum) throw new SchemaProblem('value', `This is to be at most ${maximum}`, path)
  if (typeof above === 'number' && value <= above) throw new SchemaProblem('value', `This is to be more than ${above}`, path)
  if (typeof below === 'number' && value >= below) throw new SchemaProblem('value', `This is to be less than ${below}`, path)
  if (typeof multipleOf === 'number' && Math.abs(value / multipleOf - Math.round(value / multipleOf)) > 1e-9) {
    throw new SchemaProblem('value', `This is to be a multiple of ${multipleOf}`, path)
  }
}

function checkRange(schema: Json, [least, most]: readonly [string, string], actual: number, what: string, path: SchemaPath): void {
  const [from, to] = [schema[least], schema[most]]
  if (typeof from === 'number' && actual < from)
    throw new SchemaProblem('value', `This is to have at least ${from} ${what}, not ${actual}`, path)
  if (typeof to === 'number' && actual > to) throw new SchemaProblem('value', `This is to have at most ${to} ${what}, not ${actual}`, path)
}
