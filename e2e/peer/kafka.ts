import { spawn } from 'node:child_process'
import { kafkaClasspath } from '../../resources/npm/kafka.mjs'

/** Where Apache Kafka's classes are; undefined when they are not to be had, and there is nothing to compare. */
export const classpath = await kafkaClasspath()

const DUMP = 'org.apache.kafka.tools.DumpLogSegments'

export interface Said {
  readonly status: number | null
  readonly stdout: readonly string[]
  readonly stderr: string
}

/** Runs one of Apache Kafka's programs to its end. */
export function runKafka(mainClass: string, ...args: readonly string[]): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn('java', ['-Xmx512m', '-cp', classpath ?? '', mainClass, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.once('error', reject)
    child.once('close', status => {
      resolve({ status, stdout: Buffer.concat(stdout).toString().split('\n'), stderr: Buffer.concat(stderr).toString() })
    })
  })
}

/** Kafka's dump expects each log to begin at offset 0 and to have no gaps; segments that rolled and compacted ones are no fault. */
const GAP = /^Non-consecutive offsets in .*$|^ {2}-?\d+ is followed by \d+$/

/** What Kafka's dump says of each file, line by line. Fails on anything that it finds wrong. */
export async function dumpedByKafka(
  files: readonly string[],
  ...options: readonly string[]
): Promise<ReadonlyMap<string, readonly string[]>> {
  const said = new Map<string, string[]>()
  if (files.length === 0) return said
  const { status, stdout, stderr } = await runKafka(DUMP, '--files', files.join(','), ...options)
  const complaints = stderr.split('\n').filter(line => line !== '' && !GAP.test(line))
  if (status !== 0 || complaints.length > 0) throw new Error(`Kafka's dump ended with ${status} and said: ${complaints.join('\n')}`)
  let lines: string[] = []
  for (const line of stdout) {
    const [, file] = /^Dumping (.*)$/.exec(line) ?? []
    if (file !== undefined) said.set(file, (lines = []))
    else if (line !== '') lines.push(line)
  }
  return said
}

/** `name: value` pairs of a line, the values as they are printed. */
export function fieldsOf(line: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...line.matchAll(/(\w+): (\[[^\]]*\]|\S+)/g)].map(([, name = '', value = '']) => [name, value]))
}
