import protobuf from 'protobufjs'
import { enumScalar, SCALARS, type Scalar } from './scalars.ts'

/** What a field holds, once or many times. */
export type Content = { readonly scalar: Scalar } | { readonly message: protobuf.Type; readonly isGroup: boolean }

export interface FieldPlan {
  readonly name: string
  readonly jsonName: string
  readonly number: number
  readonly content: Content
  readonly shape: 'single' | 'list' | 'map'
  readonly mapKey: Scalar | undefined
  readonly isPacked: boolean
  /** Absent is the same as the type's zero: what is not there is shown as that. */
  readonly isImplicit: boolean
  readonly isRequired: boolean
  /** The `oneof` that it is part of. */
  readonly choice: string | undefined
}

export interface MessagePlan {
  readonly type: protobuf.Type
  readonly name: string
  readonly fields: readonly FieldPlan[]
  readonly byNumber: ReadonlyMap<number, FieldPlan>
}

const plans = new WeakMap<protobuf.Type, MessagePlan>()

/** How messages of this type are read and written, made once for each. */
export function planOf(type: protobuf.Type): MessagePlan {
  const known = plans.get(type)
  if (known !== undefined) return known
  const fields = type.fieldsArray.map(planField)
  const plan = { type, name: type.fullName.slice(1), fields, byNumber: new Map(fields.map(field => [field.number, field])) }
  plans.set(type, plan)
  return plan
}

function planField(field: protobuf.Field): FieldPlan {
  const shape = field instanceof protobuf.MapField ? 'map' : field.repeated ? 'list' : 'single'
  const content = contentOf(field)
  const choice = field.partOf && !field.options?.['proto3_optional'] ? field.partOf.name : undefined
  return {
    name: field.protoName,
    jsonName: field.jsonName,
    number: field.id,
    content,
    shape,
    mapKey: field instanceof protobuf.MapField ? SCALARS[field.keyType] : undefined,
    isPacked: field.packed,
    isImplicit: shape !== 'single' || (!field.hasPresence && 'scalar' in content),
    isRequired: field.required,
    choice,
  }
}

function contentOf(field: protobuf.Field): Content {
  const { resolvedType } = field
  if (resolvedType instanceof protobuf.Type) return { message: resolvedType, isGroup: field.delimited }
  if (resolvedType instanceof protobuf.Enum) return { scalar: enumScalar(resolvedType.values, resolvedType.fullName.slice(1)) }
  return { scalar: SCALARS[field.type]! }
}
