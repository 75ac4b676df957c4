import { RegistryUnreachable, type RegistryHttp } from './registryHttp.ts'

export interface FakeSchema {
  readonly id: number
  readonly subject: string
  readonly version: number
  readonly schema: string
  readonly schemaType?: 'AVRO' | 'PROTOBUF' | 'JSON'
  readonly guid?: string
  readonly references?: readonly { readonly name: string; readonly subject: string; readonly version: number }[]
}

/** For tests: a registry that answers as Confluent's does, and counts. What answers HTTP can be built on `answer`. */
export class FakeRegistry implements RegistryHttp {
  readonly schemas: FakeSchema[]
  readonly asked: string[] = []
  authorization: string | null = null
  isDown = false
  /** While it is set, questions wait for it. */
  gate: Promise<void> | undefined
  mostAtOnce = 0
  #atOnce = 0

  constructor(schemas: readonly FakeSchema[] = []) {
    this.schemas = [...schemas]
  }

  async get(url: string, options: { readonly authorization: string | null }): Promise<{ status: number; body: string }> {
    this.asked.push(new URL(url).pathname)
    this.#atOnce += 1
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce)
    await this.gate
    this.#atOnce -= 1
    if (this.isDown) throw new RegistryUnreachable('connect ECONNREFUSED')
    const { status, json } = this.answer(new URL(url).pathname, options.authorization)
    return { status, body: JSON.stringify(json) }
  }

  answer(path: string, authorization: string | null): { readonly status: number; readonly json: unknown } {
    if (this.authorization !== null && authorization !== this.authorization)
      return { status: 401, json: { error_code: 401, message: 'Unauthorized' } }
    const json = this.#find(path.split('/').slice(1).map(decodeURIComponent))
    return json === undefined ? { status: 404, json: { error_code: 40403, message: 'Schema not found' } } : { status: 200, json }
  }

  #find([first, second, third, fourth]: readonly string[]): unknown {
    if (first === 'schemas') {
      const found = this.schemas.find(({ id, guid }) => (second === 'ids' ? String(id) === third : guid === third))
      if (found === undefined) return undefined
      if (fourth === 'versions')
        return this.schemas.filter(({ id }) => id === found.id).map(({ subject, version }) => ({ subject, version }))
      return { schema: found.schema, schemaType: found.schemaType, references: found.references }
    }
    if (second === undefined || second === '') return [...new Set(this.schemas.map(({ subject }) => subject))]
    const ofSubject = this.schemas.filter(({ subject }) => subject === second)
    if (ofSubject.length === 0) return undefined
    if (fourth === undefined) return ofSubject.map(({ version }) => version)
    return fourth === 'latest' ? ofSubject.at(-1) : ofSubject.find(({ version }) => String(version) === fourth)
  }
}
