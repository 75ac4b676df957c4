import { z } from 'zod'
import { Lru } from '../../base/lru.ts'
import type { SchemaFormat } from '../../contract/formats.ts'
import type { Clock } from '../../env/env.ts'
import type { ProtoText } from './protobuf/file.ts'
import { RegistryUnreachable, type RegistryHttp } from './registryHttp.ts'
import { NoSchema } from './registryTrouble.ts'
import type { SchemaSource } from './codec.ts'
import type { SchemaMark } from './wireFormat.ts'

/** A schema of a registry with all that it refers to. */
export interface RegisteredSchema {
  readonly source: SchemaSource
  readonly id: number | null
  readonly guid: string | null
  /** Where it is registered: under several subjects, if they have the same schema. Empty when the registry does not tell. */
  readonly places: readonly { readonly subject: string; readonly version: number }[]
}

const REQUEST_MS = 4_000
const MAX_BYTES = 8 * 1024 * 1024
const MAX_CONCURRENT = 4
const MAX_SCHEMAS = 1_000
/** A registry that did not answer is left alone for so long, whatever is asked. */
const DOWN_MS = 10_000
/** What it does not have, it may have later. */
const MISSING_MS = 60_000
/** Bytes that begin as if with an id, and do not, must not become a request for each record. */
const MAX_MISSING = 100
const MAX_REFERENCES = 200
const MAX_REFERENCE_DEPTH = 20

const Reference = z.object({ name: z.string(), subject: z.string(), version: z.number().int() })
/** Without a type it is Avro, which was there first. */
const SchemaAnswer = z.object({
  schema: z.string(),
  schemaType: z.string().nullish(),
  references: z.array(Reference).nullish(),
  id: z.number().int().nullish(),
  guid: z.string().nullish(),
  subject: z.string().nullish(),
  version: z.number().int().nullish(),
})
type SchemaAnswer = z.infer<typeof SchemaAnswer>
const Places = z.array(z.object({ subject: z.string(), version: z.number().int() }))
const Problem = z.object({ error_code: z.number().nullish(), message: z.string().nullish() })

const FORMATS: Readonly<Record<string, SchemaFormat>> = { AVRO: 'avro', PROTOBUF: 'protobuf', JSON: 'jsonSchema' }

/**
 * Asks one schema registry, as Confluent's API has it. Schemas never change under their id and are kept; for each there is one request, however many
 * wait for it. While the registry is down, and for a while after what it does not have, it is not asked at all.
 */
export class RegistryClient {
  readonly #clock: Pick<Clock, 'elapsed'>
  readonly #http: RegistryHttp
  readonly #base: string
  readonly #authorization: string | null
  readonly #schemas = new Lru<string, Promise<RegisteredSchema>>(MAX_SCHEMAS)
  readonly #missing = new Lru<string, { readonly until: number; readonly what: string }>(MAX_SCHEMAS)
  #down: { readonly until: number; readonly why: NoSchema } | undefined
  #missed = { count: 0, until: 0 }
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(clock: Pick<Clock, 'elapsed'>, http: RegistryHttp, options: { readonly url: string; readonly authorization: string | null }) {
    this.#clock = clock
    this.#http = http
    this.#base = options.url.replace(/\/+$/, '')
    this.#authorization = options.authorization
  }

  /** Rejects with `NoSchema`. */
  schema(mark: SchemaMark): Promise<RegisteredSchema> {
    const path = 'id' in mark ? `/schemas/ids/${mark.id}` : `/schemas/guids/${encodeURIComponent(mark.guid)}`
    return this.#kept(path, async () => {
      const answer = await this.#get(path, SchemaAnswer)
      const id = 'id' in mark ? mark.id : (answer.id ?? null)
      const [source, places] = await Promise.all([this.#sourceOf(answer), id === null ? [] : this.#placesOf(id, answer)])
      return { source, id, guid: 'guid' in mark ? mark.guid : (answer.guid ?? null), places }
    })
  }

  async subjects(): Promise<string[]> {
    return (await this.#get('/subjects', z.array(z.string()))).sort()
  }

  /** The oldest first. */
  async versions(subject: string): Promise<number[]> {
    return (await this.#get(`/subjects/${encodeURIComponent(subject)}/versions`, z.array(z.number().int()))).sort((a, b) => a - b)
  }

  version(subject: string, version: number): Promise<RegisteredSchema> {
    const path = versionPath(subject, version)
    return this.#kept(path, () => this.#version(path))
  }

  /** Asked anew each time: what is the latest may change. */
  latest(subject: string): Promise<RegisteredSchema> {
    return this.#version(versionPath(subject, 'latest'))
  }

  async #version(path: string): Promise<RegisteredSchema> {
    const answer = await this.#get(path, SchemaAnswer)
    const { subject, version } = answer
    const places = typeof subject === 'string' && typeof version === 'number' ? [{ subject, version }] : []
    return { source: await this.#sourceOf(answer), id: answer.id ?? null, guid: answer.guid ?? null, places }
  }

  /** Older registries do not tell, and the schema is of use without. */
  async #placesOf(id: number, { subject, version }: SchemaAnswer): Promise<RegisteredSchema['places']> {
    if (typeof subject === 'string' && typeof version === 'number') return [{ subject, version }]
    try {
      return await this.#get(`/schemas/ids/${id}/versions`, Places)
    } catch (problem) {
      if (problem instanceof NoSchema) return []
      throw problem
    }
  }

  async #sourceOf({ schema, schemaType, references }: SchemaAnswer): Promise<SchemaSource> {
    const format = FORMATS[schemaType ?? 'AVRO']
    if (format === undefined) throw new NoSchema('badAnswer', `The schema is of the type ${schemaType}, which is not known here`)
    const found = new Map<string, ProtoText>()
    await this.#references(references ?? [], found, 0)
    return { format, text: schema, references: [...found.values()] }
  }

  /** What a schema refers to stands before it, so that it can be read when its turn comes. */
  async #references(references: readonly z.infer<typeof Reference>[], found: Map<string, ProtoText>, depth: number): Promise<void> {
    if (depth > MAX_REFERENCE_DEPTH) throw new NoSchema('badAnswer', `References go deeper than ${MAX_REFERENCE_DEPTH} levels`)
    for (const { name, subject, version } of references) {
      if (found.has(name)) continue
      if (found.size >= MAX_REFERENCES) throw new NoSchema('badAnswer', `There are more than ${MAX_REFERENCES} references`)
      found.set(name, { name, text: '' }) // so that a circle ends
      const answer = await this.#get(versionPath(subject, version), SchemaAnswer)
      await this.#references(answer.references ?? [], found, depth + 1)
      found.delete(name)
      found.set(name, { name, text: answer.schema })
    }
  }

  /** One request for all who ask; what failed is asked again by the next. */
  #kept(path: string, ask: () => Promise<RegisteredSchema>): Promise<RegisteredSchema> {
    const known = this.#schemas.get(path)
    if (known !== undefined) return known
    const asked = ask()
    this.#schemas.set(path, asked)
    asked.catch(() => {
      if (this.#schemas.get(path) === asked) this.#schemas.delete(path)
    })
    return asked
  }

  async #get<Answer>(path: string, answer: z.ZodType<Answer>): Promise<Answer> {
    this.#refuseEarly(path)
    await this.#turn()
    try {
      this.#refuseEarly(path) // while this waited, another request may have found out
      return await this.#ask(path, answer)
    } finally {
      this.#running -= 1
      this.#waiting.shift()?.()
    }
  }

  async #ask<Answer>(path: string, shape: z.ZodType<Answer>): Promise<Answer> {
    let status: number
    let body: string
    try {
      const options = { authorization: this.#authorization, timeoutMs: REQUEST_MS, maxBytes: MAX_BYTES }
      ;({ status, body } = await this.#http.get(this.#base + path, options))
    } catch (problem) {
      if (!(problem instanceof RegistryUnreachable)) throw problem
      throw this.#isDown(new NoSchema('unreachable', problem.message))
    }
    const json = jsonOf(body)
    if (status === 404) throw this.#isMissing(path, reasonOf(json) ?? 'Not found')
    if (status === 401 || status === 403)
      throw this.#isDown(new NoSchema('refused', `The registry answers ${status}: ${reasonOf(json) ?? 'not allowed'}`))
    if (status !== 200)
      throw this.#isDown(new NoSchema('badAnswer', `The registry answers ${status}${reasonOf(json) ? `: ${reasonOf(json)}` : ''}`))
    const answer = shape.safeParse(json)
    if (!answer.success) throw this.#isDown(new NoSchema('badAnswer', 'What answers there is no schema registry, or a newer one'))
    return answer.data
  }

  #refuseEarly(path: string): void {
    const now = this.#clock.elapsed()
    if (this.#down !== undefined && now < this.#down.until) throw this.#down.why
    const missing = this.#missing.get(path)
    if (missing !== undefined && now < missing.until) throw new NoSchema('notFound', missing.what)
    if (now < this.#missed.until && this.#missed.count >= MAX_MISSING && path.startsWith('/schemas/')) {
      throw new NoSchema(
        'notFound',
        `The registry did not have ${this.#missed.count} schemas in the last minute, and is not asked for others now`,
      )
    }
  }

  #isDown(why: NoSchema): NoSchema {
    this.#down = { until: this.#clock.elapsed() + DOWN_MS, why }
    return why
  }

  #isMissing(path: string, what: string): NoSchema {
    const now = this.#clock.elapsed()
    this.#missing.set(path, { until: now + MISSING_MS, what })
    if (now >= this.#missed.until) this.#missed = { count: 0, until: now + MISSING_MS }
    this.#missed.count += 1
    return new NoSchema('notFound', what)
  }

  async #turn(): Promise<void> {
    this.#running += 1
    if (this.#running > MAX_CONCURRENT) await new Promise<void>(resolve => this.#waiting.push(resolve))
  }
}

const versionPath = (subject: string, version: number | 'latest') => `/subjects/${encodeURIComponent(subject)}/versions/${version}`

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (problem) {
    if (problem instanceof SyntaxError) return undefined
    throw problem
  }
}

const reasonOf = (json: unknown): string | undefined => Problem.safeParse(json).data?.message ?? undefined
