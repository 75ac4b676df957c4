import { exactJson, isPlainList, isPlainObject, type PlainValue } from '../plainValue.ts'
import { SchemaProblem, type SchemaPath } from '../schemaProblem.ts'
import { logicalOf, type Logical } from './logical.ts'

export const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const
export type Primitive = (typeof PRIMITIVES)[number]

export interface AvroField {
  readonly name: string
  readonly type: AvroType
  /** As the schema has it; `undefined` when there is none. */
  readonly defaultValue: PlainValue | undefined
}

/** A schema whose names are resolved: a type that holds itself is a circle of these objects. */
export type AvroType =
  | { readonly kind: Primitive; readonly logical?: Logical }
  | { readonly kind: 'record'; readonly name: string; fields: readonly AvroField[] }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly kind: 'fixed'; readonly name: string; readonly size: number; readonly logical?: Logical }
  | { readonly kind: 'array' | 'map'; readonly items: AvroType }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }

export type NamedTypes = ReadonlyMap<string, AvroType>

const MAX_DEPTH = 200

/**
 * Reads a schema's text. `known` are the named types that it may refer to, of other schemas. Names are not checked against Avro's rules: many writers do
 * not either, and here they are only names.
 */
export function parseAvroSchema(text: string, known: NamedTypes = new Map()): { readonly type: AvroType; readonly named: NamedTypes } {
  let json: PlainValue
  try {
    json = JSON.parse(text) as PlainValue
  } catch (problem) {
    if (!(problem instanceof SyntaxError)) throw problem
    throw new SchemaProblem('schema', `This is not JSON, as Avro schemas are (${problem.message})`)
  }
  const parser = new Parser(known)
  return { type: parser.typeOf(json, '', []), named: parser.named }
}

/** What Avro calls a branch of a union. */
export function branchName(type: AvroType): string {
  return 'name' in type ? type.name : type.kind
}

class Parser {
  readonly named: Map<string, AvroType>

  constructor(known: NamedTypes) {
    this.named = new Map(known)
  }

  typeOf(json: PlainValue | undefined, space: string, path: SchemaPath): AvroType {
    if (path.length > MAX_DEPTH) throw new SchemaProblem('schema', 'The schema is nested too deeply', path.slice(0, 3))
    if (typeof json === 'string') return this.#byName(json, space, path)
    if (isPlainList(json)) return this.#union(json, space, path)
    if (!isPlainObject(json)) throw new SchemaProblem('schema', 'A type is missing', path)
    const { type } = json
    if (typeof type !== 'string') return this.typeOf(type, space, [...path, 'type'])
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(json, space, path)
      case 'enum':
        return this.#enum(json, space, path)
      case 'fixed':
        return this.#fixed(json, space, path)
      case 'array':
        return { kind: 'array', items: this.typeOf(json['items'], space, [...path, 'items']) }
      case 'map':
        return { kind: 'map', items: this.typeOf(json['values'], space, [...path, 'values']) }
      default:
        return this.#byLogicalType(json, type, space, path)
    }
  }

  #byLogicalType(json: Readonly<Record<string, PlainValue>>, type: string, space: string, path: SchemaPath): AvroType {
    const plain = this.#byName(type, space, path)
    const logical = logicalOf(json, plain.kind === 'fixed' ? plain.size : undefined)
    return logical !== undefined && isPrimitive(plain.kind) ? { kind: plain.kind, logical } : plain
  }

  #byName(name: string, space: string, path: SchemaPath): AvroType {
    if (isPrimitive(name)) return { kind: name }
    const found = this.named.get(fullName(name, space)) ?? this.named.get(name)
    if (found === undefined)
      throw new SchemaProblem('schema', `There is no type ${fullName(name, space)} in this schema or in its references`, path)
    return found
  }

  #union(json: readonly PlainValue[], space: string, path: SchemaPath): AvroType {
    const branches = json.map((branch, n) => this.typeOf(branch, space, [...path, n]))
    if (branches.some(({ kind }) => kind === 'union')) throw new SchemaProblem('schema', 'A union cannot hold a union', path)
    return { kind: 'union', branches }
  }

  #record(json: Readonly<Record<string, PlainValue>>, space: string, path: SchemaPath): AvroType {
    const { name, inner } = namesOf(json, space, path)
    const { fields } = json
    if (!isPlainList(fields)) throw new SchemaProblem('schema', `The record ${name} has no list of fields`, path)
    const record: AvroType & { kind: 'record' } = { kind: 'record', name, fields: [] }
    this.#name(record, json, inner) // before its fields, which may be of this very type
    record.fields = fields.map((field, n) => {
      if (!isPlainObject(field) || typeof field['name'] !== 'string') {
        throw new SchemaProblem('schema', `Field ${n + 1} of ${name} has no name`, path)
      }
      const inField = [...path, field['name']]
      // A logical type beside the field's type instead of inside it is a common mistake, which Java ignores as well.
      return { name: field['name'], type: this.typeOf(field['type'], inner, inField), defaultValue: field['default'] }
    })
    return record
  }

  #enum(json: Readonly<Record<string, PlainValue>>, space: string, path: SchemaPath): AvroType {
    const { name, inner } = namesOf(json, space, path)
    const { symbols } = json
    if (!isPlainList(symbols) || !symbols.every(symbol => typeof symbol === 'string')) {
      throw new SchemaProblem('schema', `The enum ${name} has no list of symbols`, path)
    }
    return this.#name({ kind: 'enum', name, symbols }, json, inner)
  }

  #fixed(json: Readonly<Record<string, PlainValue>>, space: string, path: SchemaPath): AvroType {
    const { name, inner } = namesOf(json, space, path)
    const { size } = json
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw new SchemaProblem('schema', `The fixed ${name} has no size`, path)
    }
    const logical = logicalOf(json, size)
    return this.#name({ kind: 'fixed', name, size, ...(logical !== undefined && { logical }) }, json, inner)
  }

  #name<Type extends AvroType & { readonly name: string }>(type: Type, json: Readonly<Record<string, PlainValue>>, space: string): Type {
    this.named.set(type.name, type)
    const { aliases } = json
    if (isPlainList(aliases)) {
      for (const alias of aliases) if (typeof alias === 'string') this.named.set(fullName(alias, space), type)
    }
    return type
  }
}

const isPrimitive = (name: string): name is Primitive => (PRIMITIVES as readonly string[]).includes(name)

/** The full name, and the namespace in which names inside are meant. */
function namesOf(
  json: Readonly<Record<string, PlainValue>>,
  space: string,
  path: SchemaPath,
): { readonly name: string; readonly inner: string } {
  const { name, namespace } = json
  if (typeof name !== 'string' || name === '')
    throw new SchemaProblem('schema', `A type of kind ${exactJson(json['type'] ?? null)} has no name`, path)
  const full = fullName(name, typeof namespace === 'string' ? namespace : space)
  return { name: full, inner: full.slice(0, Math.max(0, full.lastIndexOf('.'))) }
}

function fullName(name: string, space: string): string {
  return name.includes('.') || space === '' ? name : `${space}.${name}`
}
