import type protobuf from 'protobufjs'
import { exact, exactJson, hexText, isPlainList, plainObject, type PlainValue } from '../plainValue.ts'
import { SchemaProblem } from '../schemaProblem.ts'
import type { ProtoFile } from './file.ts'
import { planOf, type FieldPlan, type MessagePlan } from './plan.ts'
import { END_GROUP, FIXED32, FIXED64, LENGTH, START_GROUP, VARINT, WireReader } from './wire.ts'
import { shownMessage } from './wellKnown.ts'

const MAX_DEPTH = 100
/** Zeros of fields that are not in the bytes are free for whoever sends many empty messages: beyond so many more than bytes, they are refused. */
const FREE_VALUES = 1_000_000

/**
 * What the bytes say as this message. Fields have the names of the `.proto` file and its order; those that cannot be told from their zero are shown
 * with it, other absent ones are not there. Bytes are texts of `0x…`. A field that the schema does not have is called by its number, `?7`.
 */
export function decodeProtobuf(file: ProtoFile, type: protobuf.Type, bytes: Buffer): PlainValue {
  return new Decoder(file, bytes.length).message(planOf(type), new WireReader(bytes), undefined)
}

class Decoder {
  readonly #file: ProtoFile
  readonly #path: (string | number)[] = []
  #valuesLeft: number
  #depth = 0

  constructor(file: ProtoFile, size: number) {
    this.#file = file
    this.#valuesLeft = FREE_VALUES + size
  }

  /** To the end of the bytes, or of the group with the number `group`. */
  message(plan: MessagePlan, reader: WireReader, group: number | undefined): PlainValue {
    if (++this.#depth > MAX_DEPTH) throw new SchemaProblem('data', 'The message is nested too deeply', this.#path.slice(0, 5))
    const found = new Map<FieldPlan, PlainValue | Buffer[]>()
    const unknown = new Map<string, PlainValue[]>()
    for (;;) {
      if (reader.isAtEnd && group === undefined) break
      const { number, wireType } = reader.tag(this.#path)
      if (wireType === END_GROUP && number === group) break
      const field = plan.byNumber.get(number)
      if (field === undefined || !this.#field(field, wireType, reader, found)) {
        const name = `?${number}`
        unknown.set(name, [...(unknown.get(name) ?? []), this.#unknown(number, wireType, reader)])
      }
    }
    const fields = plainObject()
    for (const field of plan.fields) {
      const value = found.get(field)
      if (value !== undefined) fields[field.name] = this.#finished(field, value)
      else if (field.isImplicit) fields[field.name] = this.#absent(field)
    }
    for (const [name, values] of unknown) fields[name] = values.length === 1 ? values[0]! : values
    this.#depth -= 1
    if (plan.name === 'google.protobuf.Any') return this.#any(fields)
    return shownMessage(plan.name, fields)
  }

  /** False when the bytes are of another kind than the field: then it is one that is not known. */
  #field(field: FieldPlan, wireType: number, reader: WireReader, found: Map<FieldPlan, PlainValue | Buffer[]>): boolean {
    if (field.shape === 'map') return wireType === LENGTH && this.#entry(field, reader, found)
    const { content } = field
    if ('message' in content) {
      if (wireType !== (content.isGroup ? START_GROUP : LENGTH)) return false
      if (field.shape === 'single' && !content.isGroup) {
        // The parts of a message that comes in several add up: their bytes behind each other are the whole.
        found.set(field, [...((found.get(field) as Buffer[] | undefined) ?? []), reader.block(this.#path)])
        return true
      }
      const list = field.shape === 'list' ? listIn(found, field) : undefined
      const value = this.#inside([field.name, ...(list ? [list.length] : [])], () =>
        this.message(
          planOf(content.message),
          content.isGroup ? reader : new WireReader(reader.block(this.#path)),
          content.isGroup ? field.number : undefined,
        ),
      )
      if (list) list.push(value)
      else found.set(field, value)
      return true
    }
    const { scalar } = content
    const isPacked = field.shape === 'list' && wireType === LENGTH && scalar.wireType !== LENGTH
    if (!isPacked && wireType !== scalar.wireType) return false
    this.#path.push(field.name)
    if (field.shape === 'single') found.set(field, this.#count(scalar.read(reader, this.#path)))
    else {
      const list = listIn(found, field)
      const packed = isPacked ? new WireReader(reader.block(this.#path)) : reader
      do {
        if (isPacked && packed.isAtEnd) break
        list.push(this.#count(scalar.read(packed, this.#path)))
      } while (isPacked)
    }
    this.#path.pop()
    return true
  }

  /** A map is a list of messages with a key, 1, and a value, 2. */
  #entry(field: FieldPlan, reader: WireReader, found: Map<FieldPlan, PlainValue | Buffer[]>): boolean {
    const { content, mapKey } = field
    const entry = new WireReader(reader.block(this.#path))
    const map = (found.get(field) as Record<string, PlainValue> | undefined) ?? plainObject()
    found.set(field, map)
    let key = keyText(mapKey!.absent)
    let value: PlainValue | undefined
    this.#path.push(field.name)
    while (!entry.isAtEnd) {
      const { number, wireType } = entry.tag(this.#path)
      if (number === 1 && wireType === mapKey!.wireType) key = keyText(mapKey!.read(entry, this.#path))
      else if (number === 2 && 'message' in content && wireType === LENGTH) {
        const bytes = entry.block(this.#path)
        value = this.#inside([key], () => this.message(planOf(content.message), new WireReader(bytes), undefined))
      } else if (number === 2 && 'scalar' in content && wireType === content.scalar.wireType) value = content.scalar.read(entry, this.#path)
      else this.#unknown(number, wireType, entry)
    }
    const absent = () =>
      'scalar' in content ? content.scalar.absent : this.message(planOf(content.message), new WireReader(Buffer.alloc(0)), undefined)
    map[key] = this.#count(value ?? absent())
    this.#path.pop()
    return true
  }

  #finished(field: FieldPlan, value: PlainValue | Buffer[]): PlainValue {
    const { content } = field
    if ('scalar' in content || field.shape !== 'single' || content.isGroup) return value as PlainValue
    const parts = value as Buffer[]
    const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    return this.#inside([field.name], () => this.message(planOf(content.message), new WireReader(whole), undefined))
  }

  #absent(field: FieldPlan): PlainValue {
    if (field.shape === 'list') return this.#count([])
    if (field.shape === 'map') return this.#count({})
    return this.#count('scalar' in field.content ? field.content.scalar.absent : null)
  }

  /** A packed message of any type: shown with the type's fields when the schema has it. */
  #any(fields: Readonly<Record<string, PlainValue>>): PlainValue {
    const { type_url: url, value } = fields
    const shown = plainObject()
    shown['@type'] = url ?? ''
    const type = typeof url === 'string' && url !== '' ? this.#file.anyMessage(url.slice(url.lastIndexOf('/') + 1)) : undefined
    if (type === undefined || typeof value !== 'string') return Object.assign(shown, { value: value ?? '0x' })
    const inner = this.message(planOf(type), new WireReader(Buffer.from(value.slice(2), 'hex')), undefined)
    return typeof inner === 'object' && inner !== null && !isPlainList(inner)
      ? Object.assign(shown, inner)
      : Object.assign(shown, { value: inner })
  }

  #unknown(number: number, wireType: number, reader: WireReader): PlainValue {
    const path = [...this.#path, `?${number}`]
    switch (wireType) {
      case VARINT:
        return this.#count(exact(reader.varint(path)))
      case FIXED64:
        return this.#count(exact(reader.take(8, path).readBigUInt64LE(0)))
      case FIXED32:
        return this.#count(reader.take(4, path).readUInt32LE(0))
      case LENGTH:
        return this.#count(hexText(reader.block(path)))
      case START_GROUP:
        return this.message(NOTHING_KNOWN, reader, number)
      default:
        throw new SchemaProblem('data', `A group ends at byte ${reader.at} that has not begun`, path)
    }
  }

  #inside(steps: readonly (string | number)[], read: () => PlainValue): PlainValue {
    this.#path.push(...steps)
    const value = this.#count(read())
    this.#path.length -= steps.length
    return value
  }

  #count<Value extends PlainValue>(value: Value): Value {
    if (--this.#valuesLeft < 0) throw new SchemaProblem('data', 'There are more values than these bytes should hold', this.#path)
    return value
  }
}

const NOTHING_KNOWN = { name: '', fields: [], byNumber: new Map() } as unknown as MessagePlan

/** As JSON has keys: texts. */
const keyText = (key: PlainValue): string => (typeof key === 'string' ? key : exactJson(key))

function listIn(found: Map<FieldPlan, PlainValue | Buffer[]>, field: FieldPlan): PlainValue[] {
  const list = (found.get(field) as PlainValue[] | undefined) ?? []
  found.set(field, list)
  return list
}
