import type { ShownRecord, WrittenPayload, WrittenRecord } from '../../contract/records.ts'
import type { RecordHeader } from '../../protocol/records/record.ts'
import type { RecordPartName } from '../../contract/told.ts'
import type { Encode, EncoderSource, PayloadPlace } from './encoders.ts'
import { compileTemplate, type Render, type TemplateContext } from './template.ts'
import { ofPart, WrongRecord } from './wrongRecord.ts'

/** Makes one payload, anew for each record. */
type Make = (context: TemplateContext) => Buffer | null

interface Part {
  readonly part: RecordPartName
  /** The name of the header; of key and value, none. */
  readonly header: string
  readonly render: Render
  readonly encode: Encode
}

/** What a person wrote, ready to become any number of records. */
export interface CompiledRecord {
  readonly key: Make
  readonly value: Make
  headers(context: TemplateContext): RecordHeader[]
}

export interface CompileOptions {
  readonly isTemplate: boolean
  readonly encoders: EncoderSource
  readonly place: Omit<PayloadPlace, 'part'>
}

/** Throws `WrongRecord` for what could never become a record, and says of which part. */
export async function compileRecord(record: WrittenRecord, { isTemplate, encoders, place }: CompileOptions): Promise<CompiledRecord> {
  const compile = async (written: WrittenPayload | null, part: PayloadPlace['part'], header = ''): Promise<Make> => {
    if (written === null) return () => null
    const { text, ...kind } = written
    const encode = await encoders(kind, { ...place, part }).catch((problem: unknown) => ofPart(part, header, () => rethrow(problem)))
    const render = isTemplate ? ofPart(part, header, () => compileTemplate(text)) : () => text
    return makeOf({ part, header, render, encode }, isTemplate)
  }
  const key = await compile(record.key, 'key')
  const value = await compile(record.value, 'value')
  const headers = await Promise.all(
    record.headers.map(async header => ({ key: header.key, make: await compile(header.value, 'header', header.key) })),
  )
  return { key, value, headers: context => headers.map(({ key: name, make }) => ({ key: name, value: make(context) })) }
}

function makeOf({ part, header, render, encode }: Part, isTemplate: boolean): Make {
  const make: Make = context => ofPart(part, header, () => encode(render(context)))
  if (isTemplate) return make
  let made: Buffer | null | undefined
  return context => (made ??= make(context))
}

function rethrow(problem: unknown): never {
  throw problem
}

const SHOWN_CHARACTERS = 4_000

/** Shows what a record would be, as a person sees it; what is wrong with a part stands in its place. */
export async function previewOf(record: WrittenRecord, how: CompileOptions): Promise<(context: TemplateContext) => ShownRecord> {
  const shower = async (written: WrittenPayload | null, part: PayloadPlace['part']) => {
    if (written === null) return () => null
    const { text: typed, ...kind } = written
    const encode = await how.encoders(kind, { ...how.place, part }).catch((problem: unknown): Encode => () => {
      throw problem
    })
    return (context: TemplateContext) => {
      let text = typed
      try {
        if (how.isTemplate) text = compileTemplate(typed)(context)
        return { text: text.slice(0, SHOWN_CHARACTERS), size: encode(text).length, problem: null }
      } catch (problem) {
        if (!(problem instanceof WrongRecord)) throw problem
        return { text: text.slice(0, SHOWN_CHARACTERS), size: null, problem: problem.told }
      }
    }
  }
  const [key, value] = await Promise.all([shower(record.key, 'key'), shower(record.value, 'value')])
  const headers = await Promise.all(record.headers.map(async header => ({ key: header.key, show: await shower(header.value, 'header') })))
  return context => ({
    partition: null,
    timestampMs: null,
    key: key(context),
    value: value(context),
    headers: headers.map(header => ({ key: header.key, value: header.show(context) })),
  })
}
