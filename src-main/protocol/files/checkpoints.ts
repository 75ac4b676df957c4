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
  return decodeLines(file).map((line, index) => {
    const [topic, partition, offset, more] = line.split(' ')
    if (!topic || more !== undefined) return malformed(index, line)
    return { topic, partition: count(partition, index, line), offset: count(offset, index, line) }
  })
}

export function encodeLeaderEpochCheckpoint(entries: readonly EpochStart[]): Buffer {
  return encodeLines(entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`))
}

export function decodeLeaderEpochCheckpoint(file: Buffer): EpochStart[] {
  return decodeLines(file).map((line, index) => {
    const [epoch, startOffset, more] = line.split(' ')
    if (more !== undefined) return malformed(index, line)
    return { epoch: count(epoch, index, line), startOffset: count(startOffset, index, line) }
  })
}

function encodeLines(lines: readonly string[]): Buffer {
  return Buffer.from(['0', `${lines.length}`, ...lines, ''].join('\n'))
}

function decodeLines(file: Buffer): string[] {
  const [version, declared, ...rest] = file.toString('utf8').split('\n')
  if (version !== '0') throw new MalformedMessage(`version ${JSON.stringify(version)} of a checkpoint file is not known`, 0)
  const lines = rest.at(-1) === '' ? rest.slice(0, -1) : rest
  if (declared !== `${lines.length}`)
    throw new MalformedMessage(`a checkpoint file declares ${declared} entries and has ${lines.length}`, 2)
  return lines
}

function count(text: string | undefined, index: number, line: string): number {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return malformed(index, line)
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : malformed(index, line)
}

function malformed(index: number, line: string): never {
  throw new MalformedMessage(`entry ${index} of a checkpoint file cannot be read: ${JSON.stringify(line)}`, 0)
}
