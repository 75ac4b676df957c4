import { z } from 'zod'
import { InCluster, Nothing } from './common.ts'
import { SCHEMA_FORMATS, SchemaFacts } from './formats.ts'
import { call } from './operations.ts'

export const SchemaPart = z.enum(['key', 'value'])
export type SchemaPart = z.infer<typeof SchemaPart>

/** How a registry is asked. The secret is a password or a token. */
export const RegistryAuth = z.enum(['none', 'basic', 'bearer'])
export type RegistryAuth = z.infer<typeof RegistryAuth>

/** What the app knows of a cluster's registry; never its secret. */
export const RegistrySettings = z.object({
  url: z.string(),
  auth: RegistryAuth,
  user: z.string(),
  hasSecret: z.boolean(),
})
export type RegistrySettings = z.infer<typeof RegistrySettings>

/** `secret`: null keeps the one that was set for this address before. */
export const RegistryInput = z.object({
  url: z.url({ protocol: /^https?$/ }).max(2_000),
  auth: RegistryAuth,
  user: z.string().max(1_000),
  secret: z.string().max(10_000).nullable(),
})
export type RegistryInput = z.infer<typeof RegistryInput>

/**
 * Where the schema of records comes from that do not name one themselves. `message`: of several in it, which; null is the first. `path`: on the machine
 * of the host, a file (`.avsc`, `.proto`, `.json`) or a folder of such.
 */
export const SchemaAssignment = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), path: z.string().min(1).max(4_000), message: z.string().max(1_000).nullable() }),
  z.object({ kind: z.literal('subject'), subject: z.string().min(1).max(1_000), message: z.string().max(1_000).nullable() }),
])
export type SchemaAssignment = z.infer<typeof SchemaAssignment>

/** Why there is no schema: the code for a sentence, `what` for what was said, in English. */
export const SchemaTrouble = z.object({
  code: z.enum(['noRegistry', 'unreachable', 'refused', 'notFound', 'badAnswer', 'badSchema', 'noFile', 'data', 'value']),
  what: z.string(),
  /** The field that it is about, `order.lines[2].sku`; empty for the whole. */
  path: z.string(),
})
export type SchemaTrouble = z.infer<typeof SchemaTrouble>

export const SchemaVersion = z.object({
  format: z.enum(SCHEMA_FORMATS),
  text: z.string(),
  id: z.number().int().nullable(),
  subject: z.string().nullable(),
  version: z.number().int().nullable(),
  /** The record, or the messages, that are in it. Empty when it cannot be read: `trouble` says why. */
  names: z.array(z.string()),
  references: z.array(z.object({ name: z.string(), text: z.string() })),
  trouble: SchemaTrouble.nullable(),
})
export type SchemaVersion = z.infer<typeof SchemaVersion>

const found = <Found extends z.ZodType>(what: Found) =>
  z.discriminatedUnion('outcome', [
    z.object({ outcome: z.literal('found'), found: what }),
    z.object({ outcome: z.literal('failed'), trouble: SchemaTrouble }),
  ])

const InSubject = InCluster.extend({ subject: z.string().min(1).max(1_000) })
const OfPart = InCluster.extend({ topic: z.string().min(1), part: SchemaPart })

export const schemas = {
  settings: call(InCluster, z.object({ registry: RegistrySettings.nullable() })),
  /** Null forgets the registry and its secret. The secret never comes back. */
  setRegistry: call(InCluster.extend({ registry: RegistryInput.nullable() }), Nothing),
  /** Asks a registry that is not set yet. */
  tryRegistry: call(InCluster.extend({ registry: RegistryInput }), found(z.object({ subjects: z.number().int() }))),

  subjects: call(InCluster, found(z.array(z.string()))),
  /** Their numbers, the oldest first. */
  versions: call(InSubject, found(z.array(z.number().int()))),
  version: call(InSubject.extend({ version: z.number().int().min(1) }), found(SchemaVersion)),
  /** The schema that a record was decoded with, or should have been. */
  byId: call(InCluster.extend({ id: z.number().int() }), found(SchemaVersion)),

  /** What was chosen for the records of a topic. */
  assignments: call(
    InCluster.extend({ topic: z.string().min(1) }),
    z.object({ key: SchemaAssignment.nullable(), value: SchemaAssignment.nullable() }),
  ),
  assign: call(OfPart.extend({ assignment: SchemaAssignment.nullable() }), Nothing),
  /** The schema of an assignment, whether or not it was made; what is chosen in a folder may be missing still. */
  look: call(InCluster.extend({ assignment: SchemaAssignment }), found(SchemaVersion)),

  /**
   * The bytes of a value that is written as JSON, as the serializers write them: with a schema of the registry behind its id, with one of a file bare.
   * `using`: null takes what was chosen for the topic, else the latest version of `<topic>-key` or `<topic>-value`. `unchecked`: rules of a JSON
   * Schema that nobody looked at.
   */
  encode: call(
    OfPart.extend({ text: z.string(), using: SchemaAssignment.nullable() }),
    found(z.object({ bytes: z.instanceof(Uint8Array), schema: SchemaFacts, unchecked: z.array(z.string()) })),
  ),
}
