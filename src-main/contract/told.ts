import { z } from 'zod'

/**
 * A sentence that the host has to say: `code` is where the renderer's texts have it, `details` stand in its blanks, and `message` is the whole in English
 * for logs and the command line. `part` among the details says which part of a record it is about.
 */
export const Told = z.object({
  code: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number()])),
  message: z.string(),
})
export type Told = z.infer<typeof Told>
export type ToldDetails = Told['details']

/** What is wrong with a line, a payload or a template, in English: the one place of these words. Each is a whole sentence. */
export const RECORD_PROBLEMS = {
  notUtf8: 'It is not valid UTF-8.',
  noObject: 'It is JSON, but no object.',
  unknownField: 'No record has "{name}". There are: key, value, headers, partition, timestamp.',
  noValue: 'It has no "value". A tombstone has the value null.',
  noJson: 'It is no JSON: {why}',
  noBase64Text: 'What it gives as base64 is no text.',
  headersNoList: 'The headers are neither a list nor an object.',
  headerNoPair: 'Header {n} is no object with a key and a value.',
  headerHalfCharacter: 'The key of header {n} has half of a character.',
  noPartition: '"{text}" is no partition.',
  noTime: '"{text}" is no time: neither milliseconds since 1970 nor ISO 8601.',
  elsewhere: '{topic} has no partition {partition}.',
  columnNotUtf8: 'Its {column} is not valid UTF-8.',
  fieldCount: 'It has {fields} fields, and there are {columns} columns.',
  encoding: 'It is in "{encoding}"; there are text and base64.',
  headersNoJson: 'Its headers are no JSON: {why}',
  lineTooLong: 'It has more than {bytes} bytes.',
  quoteInside: 'A quotation mark stands inside of a field that does not begin with one.',
  behindQuote: 'Something stands behind the quotation mark that ends a field.',
  rowTooLong: 'The row has more than {bytes} bytes; a quotation mark may be missing.',
  quoteOpen: 'A quotation mark that opens a field has no other one that closes it.',
  noColumns: 'The first row names no columns: {why}',
  noSuchColumn: 'The first row has to name the columns, and none is "{name}". There are: {columns}.',
  columnTwice: 'The first row names the column {name} twice.',
  noValueColumn: 'The first row names no column "value".',
  halfCharacter: 'It has half of a character (a lone surrogate), which no UTF-8 can hold.',
  noHexDigit: '"{digit}" is no hexadecimal digit.',
  oddHex: 'A byte has two hexadecimal digits, and there are {n}.',
  noBase64Digit: '"{digit}" is no digit of base64.',
  base64Cut: 'The base64 is cut off.',
  noSchemaOfHeaders: 'Headers have no schema.',
  schema: '{why}',
  schemaAt: '{path}: {why}',
  notClosed: 'The opening braces at character {at} are not closed.',
  emptyBraces: 'Nothing stands in the braces at character {at}.',
  noFunction: 'There is no {name}, at character {at}. There are: {known}.',
  digits: '{name} at character {at}: there are 0 to {most} digits behind the point, not {digits}.',
  noChoice: '{name} at character {at}: it needs something to choose from.',
  takesNothing: '{name} at character {at}: it takes nothing.',
  takesFewer: '{name} at character {at}: it takes no more than {most} arguments.',
  oneOf: '{name} at character {at}: it takes {known}, not "{given}".',
  noInteger: '{name} at character {at}: "{given}" is no integer within ±2^53.',
  noNumber: '{name} at character {at}: "{given}" is no number.',
  noBounds: '{name} at character {at}: it takes a least and a most.',
  wrongBounds: '{name} at character {at}: {high} is less than {low}.',
  farBounds: '{name} at character {at}: the two are too far apart.',
  length: '{name} at character {at}: it makes 1 to {most}, not {given}.',
} as const
export type RecordProblem = keyof typeof RECORD_PROBLEMS

/** Before a sentence about a part of a record. */
export const RECORD_PARTS = {
  key: 'The key: {what}',
  value: 'The value: {what}',
  header: 'Header {header}: {what}',
  headers: 'The headers: {what}',
} as const
export type RecordPartName = keyof typeof RECORD_PARTS

/** What is wrong with a file of a broker, in English, as `trilog dump` says it behind the place: the one place of these words. */
export const FILE_PROBLEMS = {
  missing: 'there is no such file',
  emptyFolder: 'no file in this folder is one that a broker writes',
  strangeName: 'no broker writes files called {name}',
  unreadable: '{why}',
  noLogBeside: 'there is no log beside it that it could be checked against',
  shorterNow: 'the file had {bytes} bytes when it was opened, and is shorter now',
  tooLarge: 'the file has {bytes} bytes, far more than such a file can have',
  malformed: '{why}',

  tornHeader: 'the last {bytes} bytes are no whole batch: torn',
  impossibleBatch: 'a batch of {size} bytes cannot be, and {left} bytes are left',
  unknownMagic: 'magic {magic} is not known, and {left} bytes are left',
  tornBatch: 'a batch of {size} bytes is declared, but only {left} are left: torn',
  hugeBatch: 'a batch of {size} bytes is declared, more than the {most} that can be',
  wrongChecksum: 'the checksum of the batch is wrong',
  unreadableRecords: "the batch's records cannot be read: {why}, at byte {at} of them",
  outOfRange: "the batch's {name} {value} is out of range",
  unknownCompression: 'there is no compression {code}',
  unknownAttributes: 'the attributes {attributes} hold bits that mean nothing',
  endsBefore: 'the batch ends {offsets} offsets before it begins',
  negativeCount: '{count} records cannot be',
  belowBase: 'offset {offset} is below {base}, where the file begins',
  afterOffset: 'offset {offset} comes after offset {last}',
  negativeOffset: 'offset {offset} cannot be',
  afterEpoch: 'leader epoch {epoch} comes after leader epoch {last}',
  tooManyRecords: '{count} records cannot have {offsets} offsets',
  recordOutOfRange: 'the offset or the timestamp of a record of the batch is out of range',
  meaningless: 'the record means nothing: {why}',
  afterInBatch: 'offset {offset} comes after offset {last} in the same batch',
  outsideOfBatch: 'offset {offset} is outside of its batch, which has {from} to {to}',
  aboveMaxTimestamp: 'timestamp {timestamp} is above {most}, the largest of its batch',
  noSnapshotHeader: 'a snapshot begins with a snapshotHeader, and this one does not',
  noSnapshotFooter: 'a snapshot ends with a snapshotFooter, and this one does not: it is not complete',

  noBatchAt: 'no batch of the log begins at {position}',
  otherLastOffset: "the log's batch at {position} ends with offset {offset}, not with {given}",
  noBatchEnding: 'no batch of the log ends with offset {offset}',
  otherTimestamp: "the log's batch that ends with offset {offset} has the timestamp {timestamp}, not {given}",
  notLargest: 'timestamp {timestamp} is not the largest up to offset {offset}: there is {larger} before it',
  timestampOutOfRange: 'timestamp {timestamp} is out of range',
  impossible: '{what} {value} cannot be',
  comesAfter: '{what} {value} comes after {what} {last}',
  comesBefore: '{what} {value} comes before {what} {next}',
  noAbort: 'there is no abort of producer {producer} at offset {offset} of the log',
  abortWithoutEntry: 'the abort of producer {producer} at offset {offset} has no entry',
  dataBefore: 'the transaction has data at offset {offset} of the log, before its first offset {first}',
  impossibleTransaction: 'a transaction cannot go from offset {first} to {last}',
  tornEntry: 'the last {bytes} bytes are no whole entry: torn',

  producerTwice: 'producer {producer} is there twice',
  notBelowEnd: 'offset {offset} is not below {end}, where the snapshot ends',
  epochAfter: 'leader epoch {epoch} comes after {last}',
  epochBegins: 'leader epoch {epoch} begins at offset {offset}, and the one before it at {last}',
  partitionTwice: 'partition {name} is there twice',
} as const
export type FileProblem = keyof typeof FILE_PROBLEMS
