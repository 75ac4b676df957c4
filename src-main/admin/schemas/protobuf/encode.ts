import type protobuf from 'protobufjs'
import { isPlainList, isPlainObject, type PlainValue } from '../plainValue.ts'
import { SchemaProblem, type SchemaPath } from '../schemaProblem.ts'
import type { ProtoFile } from './file.ts'
import { planOf, type FieldPlan, type MessagePlan } from './plan.ts'
import { scalarBytes } from './scalars.ts'
import { END_GROUP, LENGTH, START_GROUP, tagBytes, varintBytes } from './wire.ts'
import { messageFields } from './wellKnown.ts'

/**
 * The bytes of a value that looks as `decodeProtobuf` shows it, or as Protobuf's JSON has it: names of fields in either way, 64-bit numbers as numbers or
 * texts, bytes as `0x…` or base64. What does not fit is a `SchemaProblem` at its path.
 */
export function encodeProtobuf(file: ProtoFile, type: protobuf.Type, value: PlainValue): Buffer {
  return new Encoder(file).message(planOf(type), value, [])
}

class Encoder {
  readonly #file: ProtoFile

  constructor(file: ProtoFile) {
    this.#file = file
  }

  message(plan: MessagePlan, value: PlainValue, path: SchemaPath): Buffer {
    if (plan.name === 'google.protobuf.Any') return this.#any(plan, value, path)
    return this.#fields(plan, messageFields(plan.name, value, path), path)
  }

  #fields(plan: MessagePlan, fields: Readonly<Record<string, PlainValue>>, path: SchemaPath): Buffer {
    const given = new Map<FieldPlan, PlainValue>()
    const choices = new Map<string, string>()
    for (const [name, value] of Object.entries(fields)) {
      const field = plan.fields.find(each => each.name === name) ?? plan.fields.find(each => each.jsonName === name)
      if (field === undefined) throw new SchemaProblem('value', `${plan.name} has no such field`, [...path, name])
      // Null is a value of its own in a Value only; elsewhere it is Protobuf's JSON for what is not there.
      if (value === null && !isValue(field)) continue
      const other = field.choice === undefined ? undefined : choices.get(field.choice)
      if (other !== undefined) throw new SchemaProblem('value', `Only one of ${other} and ${name} can be there`, [...path, name])
      if (field.choice !== undefined) choices.set(field.choice, name)
      given.set(field, value)
    }
    return Buffer.concat(
      plan.fields.flatMap(field => {
        const value = given.get(field)
        if (value !== undefined) return this.#field(field, value, [...path, field.name])
        if (field.isRequired) throw new SchemaProblem('value', 'This field is missing, and it is required', [...path, field.name])
        return []
      }),
    )
  }

  #field(field: FieldPlan, value: PlainValue, path: SchemaPath): Buffer[] {
    if (field.shape === 'map') return this.#map(field, value, path)
    if (field.shape === 'single') return this.#isZero(field, value) ? [] : this.#single(field, value, path)
    if (!isPlainList(value)) throw new SchemaProblem('value', 'This is to be a list', path)
    const { content } = field
    if (!field.isPacked || 'message' in content || content.scalar.wireType === LENGTH) {
      return value.flatMap((item, n) => this.#single(field, item, [...path, n]))
    }
    if (value.length === 0) return []
    const packed = Buffer.concat(value.map((item, n) => scalarBytes(content.scalar, item, [...path, n])))
    return [tagBytes(field.number, LENGTH), varintBytes(BigInt(packed.length)), packed]
  }

  #single({ content, number }: Pick<FieldPlan, 'content' | 'number'>, value: PlainValue, path: SchemaPath): Buffer[] {
    if ('scalar' in content) return [tagBytes(number, content.scalar.wireType), scalarBytes(content.scalar, value, path)]
    const bytes = this.message(planOf(content.message), value, path)
    if (content.isGroup) return [tagBytes(number, START_GROUP), bytes, tagBytes(number, END_GROUP)]
    return [tagBytes(number, LENGTH), varintBytes(BigInt(bytes.length)), bytes]
  }

  #map({ content, mapKey, number }: FieldPlan, value: PlainValue, path: SchemaPath): Buffer[] {
    if (!isPlainObject(value)) throw new SchemaProblem('value', 'This is to be an object', path)
    return Object.entries(value).flatMap(([key, item]) => {
      const inEntry = [...path, key]
      const isBool = typeof mapKey!.absent === 'boolean'
      const keyBytes = scalarBytes(mapKey!, isBool && (key === 'true' || key === 'false') ? key === 'true' : key, inEntry)
      const entry = Buffer.concat([tagBytes(1, mapKey!.wireType), keyBytes, ...this.#single({ content, number: 2 }, item, inEntry)])
      return [tagBytes(number, LENGTH), varintBytes(BigInt(entry.length)), entry]
    })
  }

  #any(plan: MessagePlan, value: PlainValue, path: SchemaPath): Buffer {
    const url = isPlainObject(value) ? value['@type'] : undefined
    if (!isPlainObject(value) || typeof url !== 'string')
      throw new SchemaProblem('value', 'This is to be an object with a field "@type"', path)
    const { '@type': _, ...rest } = value
    const type = this.#file.anyMessage(url.slice(url.lastIndexOf('/') + 1))
    const bare = rest['value']
    if (type === undefined) {
      const isBytes = typeof bare === 'string' && Object.keys(rest).length === 1
      if (!isBytes) throw new SchemaProblem('value', `There is no message ${url} in the schema`, path)
      return this.#fields(plan, { type_url: url, value: bare }, path)
    }
    const isField = planOf(type).fields.some(({ name }) => name === 'value')
    const inner = this.message(planOf(type), bare !== undefined && Object.keys(rest).length === 1 && !isField ? bare : rest, path)
    return this.#fields(plan, { type_url: url, value: `0x${inner.toString('hex')}` }, path)
  }

  /** What cannot be told from what is not there is not written, as no implementation does. */
  #isZero(field: FieldPlan, value: PlainValue): boolean {
    return field.isImplicit && 'scalar' in field.content && value === field.content.scalar.absent
  }
}

const isValue = ({ content }: FieldPlan) => 'message' in content && content.message.fullName === '.google.protobuf.Value'
