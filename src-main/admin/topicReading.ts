import { AUTO_FORMATS, type TopicFormats } from '../contract/formats.ts'
import type { MessageDetail, MessageRow } from '../contract/messages.ts'
import type { BatchHeader } from '../protocol/records/batch.ts'
import type { LogRecord } from '../protocol/records/record.ts'
import { compileColumns, type ReadColumns } from './columns.ts'
import { RecordDecoder } from './formats/recordDecoder.ts'
import type { Schemas } from './formats/schemas.ts'
import { messageDetail, messageRow } from './messageRows.ts'

export interface TopicReadingOptions {
  readonly topic: string
  readonly formats?: TopicFormats | undefined
  readonly columns?: readonly string[] | undefined
  readonly schemas?: Schemas | undefined
}

/** How the records of a topic become what is shown of them: decoded as was chosen, or by what they are, with columns. */
export class TopicReading {
  readonly decoder: RecordDecoder
  readonly #topic: string
  readonly #columns: ReadColumns
  readonly #schemas: Schemas | undefined

  constructor({ topic, formats = AUTO_FORMATS, columns = [], schemas }: TopicReadingOptions) {
    this.#topic = topic
    this.#schemas = schemas
    this.decoder = new RecordDecoder({ topic, formats, schemas: schemas?.decoder })
    this.#columns = compileColumns(columns, this.decoder)
  }

  /** Has the schemas loaded without which these cannot be decoded. Undefined when none is missing, so that nobody waits for nothing. */
  prepared(records: Iterable<LogRecord>): Promise<void> | undefined {
    if (this.#schemas === undefined) return undefined
    const missing = new Set<string>()
    for (const record of records) for (const name of this.decoder.missing(record)) missing.add(name)
    return missing.size === 0 ? undefined : this.#schemas.load(this.#topic, missing)
  }

  row(partition: number, batch: Pick<BatchHeader, 'timestampType'>, record: LogRecord): MessageRow {
    return messageRow(partition, batch, record, this.#columns, this.decoder)
  }

  detail(partition: number, batch: BatchHeader, record: LogRecord, limit: number | undefined): MessageDetail {
    return messageDetail(partition, batch, record, { limit, decoder: this.decoder })
  }
}
