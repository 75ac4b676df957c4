/**
 * The text checkpoints of a log folder and of a partition: a line with the version 0, a line with the number of entries, one line for
 * each, the parts of a line separated by a space.
 */
import { MalformedMessage } from '../byteReader.ts'

/** A line of recovery-point-, log-start-, replication- and cleaner-offset-checkpoint. */
export interface PartitionOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** A line of leader-epoch-checkpoint: the offset at which the first record of a leader epoch lies. */
export interface EpochStart {
  readonly epoch: number
  readonly startOffset: number
}

export function encodeOffsetCheckpoint(entries: readonly PartitionOffset[]): Buffer {
  return encodeLines(entries.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}`))
}

export function decodeOffsetCheckpoint(file: Buffer): PartitionOffset[] {
  return decodeLines(file, (line, position) => {
    const [topic, partition, offset, more] = line.split(' ')
    if (!topic || more !== undefined) return malformed(line, position)
    return { topic, partition: count(partition, line, position), offset: count(offset, line, position) }
  })
}

export function encodeLeaderEpochCheckpoint(entries: readonly EpochStart[]): Buffer {
  return encodeLines(entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`))
}

export function decodeLeaderEpochCheckpoint(file: Buffer): EpochStart[] {
  return decodeLines(file, (line, position) => {
    const [epoch, startOffset, more] = line.split(' ')
    if (more !== undefined) return malformed(line, position)
    return { epoch: count(epoch, line, position), startOffset: count(startOffset, line, position) }
  })
}

function encodeLines(lines: readonly string[]): Buffer {
  return Buffer.from(['0', `${lines.length}`, ...lines, ''].join('\n'))
}

function decodeLines<Entry>(file: Buffer, read: (line: string, position: number) => Entry): Entry[] {
  const [version, declared = '', ...lines] = file.toString('utf8').split('\n')
  if (version !== '0') throw new MalformedMessage(`version ${JSON.stringify(version)} of a checkpoint file is not known`, 0)
  // Without its newline the last line may be the beginning of a longer one: `topic 0 12` of `topic 0 123`.
  if (lines.pop() !== '') throw new MalformedMessage('the last line of a checkpoint file is cut off', file.length)
  if (declared !== `${lines.length}`) {
    throw new MalformedMessage(`a checkpoint file declares ${JSON.stringify(declared)} entries and has ${lines.length}`, 2)
  }
  let position = version.length + declared.length + 2
  return lines.map(line => {
    const entry = read(line, position)
    position += Buffer.byteLength(line) + 1
    return entry
  })
}

/** Digits alone: `Number` would take a missing number for 0, and more forms than a checkpoint has. */
function count(text: string | undefined, line: string, position: number): number {
  const number = /^\d{1,16}$/.test(text ?? '') ? Number(text) : NaN
  return Number.isSafeInteger(number) ? number : malformed(line, position)
}

function malformed(line: string, position: number): never {
  throw new MalformedMessage(`an entry of a checkpoint file cannot be read: ${JSON.stringify(line)}`, position)
}
