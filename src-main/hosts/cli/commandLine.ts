import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { LinkEnd, LinkFault } from '../../contract/cluster.ts'

/** What each command takes, in the order of the usage. */
const COMMANDS: readonly { readonly names: readonly string[]; readonly usage: string }[] = [
  {
    names: ['up'],
    usage: `  up       start the cluster and the browser face; runs until Ctrl-C or \`trilog down\`
             --brokers N        how many brokers (as the folder has, or 3)
             --log-dirs N       log folders of each broker (as the folder has, or 1); more can be added later
             --data DIR         the cluster's folder
             --port N           broker i listens on N + i - 1 (19092); 0 takes free ports
             --web-port N       the browser face's port (any free one)
             --profile NAME     dev (short waits, the default) or kafka-defaults
             --set KEY=VALUE    a broker config by Kafka's name; may be repeated
             --restart-died     start a broker again that died unasked
             --open             open the browser
             --detach           leave the cluster running and return
             --json             print one line of JSON when ready
`,
  },
  {
    names: ['status'],
    usage: `  status   brokers, controller, folders that failed, faulty links, under-replicated partitions   [--data DIR] [--json]
`,
  },
  {
    names: ['stop', 'kill', 'pause', 'resume', 'restart'],
    usage: `  stop | kill | pause | resume | restart <broker> ...         [--data DIR] [--wipe]
             clean stop, SIGKILL, freeze, thaw, start (again), several at the same time;
             restart --wipe destroys its disk first. When all were ended, start a majority together: restart 1 2
`,
  },
  {
    names: ['link'],
    usage: `  link <a> <b>   cut or slow what goes between two brokers, or a broker and \`clients\`   [--data DIR]
             --cut              packets vanish, connections stall
             --delay MS         all that is sent takes longer, each way
             --drop P           what is sent is lost with probability P, and sent again
             --heal             nothing is wrong any more
             --one-way          only from <a> to <b>
`,
  },
  {
    names: ['down'],
    usage: `  down     stop everything; data stays unless --delete        [--data DIR] [--delete]
`,
  },
  {
    names: ['dump'],
    usage: `  dump     what a broker's files hold, ours or Apache Kafka's: logs, indexes, snapshots, checkpoints
             FILE ...           files, or folders of them; status 1 when something is wrong with one
             --json             a line of JSON for each batch, record and entry
             --verify           also check records in their batches, and indexes against their log
`,
  },
]

/** How to use one command, or all of them. */
export function usageOf(command: string | undefined): string {
  const one = COMMANDS.find(({ names }) => command !== undefined && names.includes(command))
  return one === undefined
    ? `Usage: trilog <command> [options]\n\n${COMMANDS.map(({ usage }) => usage).join('')}`
    : `Usage: trilog ${command} ...\n\n${one.usage}`
}

/** The words of a command line are off: exit status 2, and how to use it. */
export class UsageError extends Error {}

export type Verb = 'stop' | 'kill' | 'pause' | 'resume' | 'restart'

export interface LinkCommand {
  readonly command: 'link'
  readonly directory: string
  readonly a: LinkEnd
  readonly b: LinkEnd
  /** Null heals. */
  readonly fault: LinkFault | null
  readonly oneWay: boolean
}

export interface UpCommand {
  readonly command: 'up'
  readonly brokers: number | undefined
  readonly logDirs: number | undefined
  readonly directory: string
  readonly port: number | undefined
  readonly webPort: number
  readonly profile: 'dev' | 'kafka-defaults' | undefined
  readonly settings: Readonly<Record<string, string>>
  readonly restartDied: boolean
  readonly open: boolean
  readonly detach: boolean
  readonly json: boolean
}

export type Command =
  | UpCommand
  | { readonly command: 'status'; readonly directory: string; readonly json: boolean }
  | { readonly command: Verb; readonly directory: string; readonly brokerIds: readonly number[]; readonly wipe: boolean }
  | LinkCommand
  | { readonly command: 'down'; readonly directory: string; readonly deleteData: boolean }
  | { readonly command: 'dump'; readonly files: readonly string[]; readonly json: boolean; readonly verify: boolean }
  | { readonly command: 'help'; readonly about: string | undefined }

const VERBS: readonly string[] = ['stop', 'kill', 'pause', 'resume', 'restart'] satisfies Verb[]

/** What a command line asks for. Throws `UsageError`, which says what is wrong with it. */
export function parseCommandLine(args: readonly string[], defaultDirectory: string): Command {
  const [name, ...rest] = args
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') return { command: 'help', about: rest[0] }
  const words = rest.slice(0, rest.includes('--') ? rest.indexOf('--') : undefined)
  if (words.includes('--help') || words.includes('-h')) return { command: 'help', about: name }
  if (name === 'up') return parseUp(rest, defaultDirectory)
  if (name === 'status') {
    const { values } = parse(rest, { data: { type: 'string' }, json: { type: 'boolean' } }, 0)
    return { command: 'status', directory: folder(values.data, defaultDirectory), json: values.json ?? false }
  }
  if (name === 'down') {
    const { values } = parse(rest, { data: { type: 'string' }, delete: { type: 'boolean' } }, 0)
    return { command: 'down', directory: folder(values.data, defaultDirectory), deleteData: values.delete ?? false }
  }
  if (name === 'link') return parseLink(rest, defaultDirectory)
  if (name === 'dump') {
    const { values, positionals } = parse(rest, { json: { type: 'boolean' }, verify: { type: 'boolean' } }, Infinity)
    if (positionals.length === 0) throw new UsageError('Which file is to be dumped?')
    return { command: 'dump', files: positionals, json: values.json ?? false, verify: values.verify ?? false }
  }
  if (VERBS.includes(name)) {
    const { values, positionals } = parse(rest, { data: { type: 'string' }, wipe: { type: 'boolean' } }, Infinity)
    if (positionals.length === 0) throw new UsageError('The number of a broker is missing')
    const wipe = values.wipe ?? false
    if (wipe && positionals.length > 1) throw new UsageError('--wipe destroys one disk at a time: what it had comes back from the others')
    if (wipe && name !== 'restart')
      throw new UsageError('--wipe destroys the disk of a broker that is started again: use it with `trilog restart`')
    return {
      command: name as Verb,
      directory: folder(values.data, defaultDirectory),
      brokerIds: [...new Set(positionals.map(text => wholeNumber('<broker>', text, 1, 99)))],
      wipe,
    }
  }
  throw new UsageError(`There is no command \`${name}\``)
}

const UP_OPTIONS = {
  brokers: { type: 'string' },
  'log-dirs': { type: 'string' },
  data: { type: 'string' },
  port: { type: 'string' },
  'web-port': { type: 'string' },
  profile: { type: 'string' },
  set: { type: 'string', multiple: true },
  'restart-died': { type: 'boolean' },
  open: { type: 'boolean' },
  detach: { type: 'boolean' },
  json: { type: 'boolean' },
} as const satisfies Options

/**
 * The options of `up` among words of which many are not ours: a desktop app is started with switches of Chromium, of the inspector and of whatever
 * launches it, and cannot know them all.
 */
export function upOptionsAmong(words: readonly string[]): string[] {
  const own: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    const [name = '', inline] = word.startsWith('--') ? word.slice(2).split(/=(.*)/s) : []
    const option = Object.entries(UP_OPTIONS).find(([each]) => each === name)?.[1]
    if (option === undefined) continue
    own.push(word)
    if (option.type === 'string' && inline === undefined) own.push(...words.slice(++index, index + 1))
  }
  return own
}

function parseUp(args: readonly string[], defaultDirectory: string): UpCommand {
  const { values } = parse(args, UP_OPTIONS, 0)
  const { profile } = values
  if (profile !== undefined && profile !== 'dev' && profile !== 'kafka-defaults') {
    throw new UsageError(`--profile is dev or kafka-defaults, not \`${profile}\``)
  }
  const settings = (values.set ?? []).map(each => {
    const cut = each.indexOf('=')
    if (cut < 1) throw new UsageError(`--set takes KEY=VALUE, not \`${each}\``)
    return [each.slice(0, cut), each.slice(cut + 1)] as const
  })
  return {
    command: 'up',
    brokers: values.brokers === undefined ? undefined : wholeNumber('--brokers', values.brokers, 1, 7),
    logDirs: values['log-dirs'] === undefined ? undefined : wholeNumber('--log-dirs', values['log-dirs'], 1, 8),
    directory: folder(values.data, defaultDirectory),
    port: values.port === undefined ? undefined : wholeNumber('--port', values.port, 0, 65_520),
    webPort: values['web-port'] === undefined ? 0 : wholeNumber('--web-port', values['web-port'], 0, 65_535),
    profile,
    settings: Object.fromEntries(settings),
    restartDied: values['restart-died'] ?? false,
    open: values.open ?? false,
    detach: values.detach ?? false,
    json: values.json ?? false,
  }
}

const LINK_OPTIONS = {
  data: { type: 'string' },
  cut: { type: 'boolean' },
  delay: { type: 'string' },
  drop: { type: 'string' },
  heal: { type: 'boolean' },
  'one-way': { type: 'boolean' },
} as const satisfies Options

function parseLink(args: readonly string[], defaultDirectory: string): LinkCommand {
  const { values, positionals } = parse(args, LINK_OPTIONS, Infinity)
  const [a, b, surplus] = positionals
  if (a === undefined || b === undefined) throw new UsageError('A link has two ends: the numbers of two brokers, or one and `clients`')
  if (surplus !== undefined) throw new UsageError(`\`${surplus}\` is one word too many`)
  const { cut = false, heal = false, delay, drop } = values
  const ways = [cut, heal, delay !== undefined || drop !== undefined].filter(Boolean).length
  if (ways !== 1) throw new UsageError('What is to happen to the link? One of --cut, --heal, or --delay and --drop')
  return {
    command: 'link',
    directory: folder(values.data, defaultDirectory),
    a: linkEnd(a),
    b: linkEnd(b),
    fault: heal
      ? null
      : { cut, delayMs: delay === undefined ? 0 : wholeNumber('--delay', delay, 1, 60_000), drop: drop === undefined ? 0 : chance(drop) },
    oneWay: values['one-way'] ?? false,
  }
}

const linkEnd = (text: string): LinkEnd => (text === 'clients' ? text : wholeNumber('An end of a link', text, 1, 99))

function chance(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value > 0 && value < 1)) throw new UsageError(`--drop is a probability above 0 and below 1, not \`${text}\``)
  return value
}

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>

function parse<O extends Options>(args: readonly string[], options: O, positionals: number) {
  let parsed
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    const [what = ''] = (error as Error).message.split(/\. (?=To specify)/) // the rest is of interest to whoever writes a parser
    throw new UsageError(what, { cause: error })
  }
  if (parsed.positionals.length > positionals) throw new UsageError(`\`${parsed.positionals[positionals]}\` is one word too many`)
  return parsed
}

const folder = (given: string | undefined, fallback: string) => resolve(given ?? fallback)

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max)
    throw new UsageError(`${name} is a whole number from ${min} to ${max}, not \`${text}\``)
  return value
}
