import { dirname, join } from 'node:path'
import type { PartitionReplicas } from '../../contract/cluster.ts'
import { LOCAL_CLUSTER } from '../../contract/common.ts'
import type { Served } from '../../contract/operations.ts'
import type { ReplicaFiles, segments, Verification } from '../../contract/segments.ts'
import { fileKindOf } from '../dump/fileKind.ts'
import type { ReadableFiles } from '../dump/items.ts'
import { batchDetail } from './batchDetail.ts'
import { batchPage } from './batchPage.ts'
import { compareReplicas } from './compareReplicas.ts'
import { indexPage } from './entryPage.ts'
import { openLog } from './openLog.ts'
import { recordPage } from './recordPage.ts'
import {
  type BrokerDisks,
  epochsOf,
  isMissing,
  isPlainName,
  kindOf,
  openFile,
  type PartitionName,
  replicaFiles,
  replicaFolder,
} from './replicaFolders.ts'
import { segmentSpans } from './segmentSpans.ts'
import { smallFilePage } from './smallFilePage.ts'
import { verifyFile } from './verifyFile.ts'

/** Its records hold credentials; `trilog dump` shows it without them. */
const METADATA_TOPIC = '__cluster_metadata'

/** Checks a whole file; a look at what was found so far with each item. Ends early when the signal aborts. */
export type VerifyFile = (path: string, signal: AbortSignal) => AsyncIterable<Verification>

/** What is known of the brokers on this machine. */
export interface LocalDisks {
  /** Only ever read. */
  readonly files: ReadableFiles
  /** Where a check keeps nobody waiting; here, a piece at a time, when it is not said. */
  readonly verify?: VerifyFile
  brokers(): readonly BrokerDisks[]
  partitionOf(of: PartitionName): PartitionReplicas | undefined
}

/** Why no bytes can be shown. */
export class NoSuchBytes extends Error {
  readonly code: 'FILES_NOT_HERE' | 'FILE_GONE' | 'NO_BATCH_THERE'

  constructor(code: NoSuchBytes['code'], message: string) {
    super(message)
    this.name = 'NoSuchBytes'
    this.code = code
  }
}

type In<Name extends keyof Served<typeof segments>> = Parameters<Served<typeof segments>[Name]>[0]

/** The files of the local cluster's partitions, opened for each question: whether their brokers run or not, they change while one looks. */
export function segmentsService(disks: LocalDisks): Served<typeof segments> {
  const { files, verify = (path, signal) => verifyFile(files, path, signal) } = disks

  function checked<Input extends { readonly clusterId: string; readonly topic: string }>(input: Input): Input {
    if (input.clusterId !== LOCAL_CLUSTER) throw new NoSuchBytes('FILES_NOT_HERE', 'The files of this cluster are not on this machine.')
    if (input.topic === METADATA_TOPIC) throw new NoSuchBytes('FILES_NOT_HERE', `${METADATA_TOPIC} is shown by \`trilog dump\` only.`)
    return input
  }

  async function replicas(input: In<'replicas'>): Promise<ReplicaFiles[]> {
    checked(input)
    const living = disks.partitionOf(input)
    const found = await Promise.all(disks.brokers().map(broker => replicaFiles(files, broker, input, living)))
    const topicId = topicIdOf(found)
    return found.map(each => ({ ...each, isOfOtherTopic: each.topicId !== null && each.topicId !== topicId }))
  }

  async function folderOf(input: PartitionName & { readonly clusterId: string; readonly brokerId: number }): Promise<string> {
    checked(input)
    const broker = disks.brokers().find(each => each.brokerId === input.brokerId)
    const folder = broker && (await replicaFolder(files, broker, input))
    if (folder === undefined)
      throw new NoSuchBytes('FILE_GONE', `Broker ${input.brokerId} has no folder of ${input.topic}-${input.partition} (any more).`)
    return folder
  }

  /** Opens what was asked for while `use` looks at it. */
  async function inFile<T>(
    input: PartitionName & { readonly clusterId: string; readonly brokerId: number; readonly file: string },
    use: (at: { readonly folder: string; readonly path: string }) => Promise<T>,
  ): Promise<T> {
    if (!isPlainName(input.file)) throw new NoSuchBytes('FILE_GONE', `${input.file} is no name of a file.`)
    const folder = await folderOf(input)
    try {
      return await use({ folder, path: join(folder, input.file) })
    } catch (problem) {
      if (!isMissing(problem)) throw problem
      throw new NoSuchBytes('FILE_GONE', `${input.file} is not there any more.`)
    }
  }

  async function inLog<T>(
    input: In<'batch'> | In<'batches'> | In<'records'>,
    use: (log: Awaited<ReturnType<typeof openLog>>, around: Parameters<typeof batchPage>[1]) => Promise<T>,
  ): Promise<T> {
    return inFile(input, async ({ folder, path }) => {
      const { kind, offset } = kindOf(path)
      if (kind !== 'log' || offset === null) throw new NoSuchBytes('NO_BATCH_THERE', `${input.file} is no log.`)
      await using log = await openLog(files, path, offset)
      return await use(log, { fileOffset: offset, epochs: await epochsOf(files, folder) })
    })
  }

  const noBatch = ({ file, position }: { readonly file: string; readonly position: number }) =>
    new NoSuchBytes('NO_BATCH_THERE', `${file} has no byte ${position} (any more).`)

  return {
    replicas,
    spans: async input => segmentSpans(files, await folderOf(input), input.baseOffsets),
    batches: input => inLog(input, (log, around) => batchPage(log, around, input)),
    batch: input =>
      inLog(input, async (log, around) => {
        const detail = await batchDetail(log, around, input.position)
        if (detail === undefined) throw noBatch(input)
        return detail
      }),
    records: input =>
      inLog(input, async (log, around) => {
        const { rows, at } = await batchPage(log, around, { place: { position: input.position }, before: 0, after: 0 })
        const row = at === null ? undefined : rows[at]
        if (row?.kind !== 'batch') throw noBatch(input)
        const bytes = await log.window.read(row.position, row.sizeBytes)
        const kind = fileKindOf(join(await folderOf(input), input.file))
        return recordPage(bytes, kind !== undefined && 'contents' in kind ? kind.contents : 'data', input)
      }),
    bytes: input =>
      inFile(input, async ({ path }) => {
        await using opened = await openFile(files, path)
        const { file } = opened
        return new Uint8Array(await file.read(input.position, Math.max(0, Math.min(input.count, file.size - input.position))))
      }),
    entries: input =>
      inFile(input, async ({ path }) => {
        const { kind, offset } = kindOf(path)
        if (kind !== 'index' && kind !== 'timeindex' && kind !== 'txnindex') return smallFilePage(files, path, input)
        await using opened = await openFile(files, path)
        const log = join(dirname(path), input.file.replace(`.${kind}`, '.log'))
        const isThere = (await files.stat(log))?.isDirectory === false
        const source = { kind, file: opened.file, baseOffset: offset ?? 0 }
        if (!isThere) return indexPage({ ...source, log: undefined }, input)
        await using beside = await openLog(files, log, offset ?? 0)
        return await indexPage({ ...source, log: beside }, input)
      }),
    async *compare(input, signal) {
      yield* compareReplicas(files, await replicas(input), input.from, signal)
    },
    async *verify(input, signal) {
      const path = await inFile(input, async at => at.path)
      yield* verify(path, signal)
    },
  }
}

/** A broker that slept while the topic was deleted and made anew still has the old one: the leader's counts, else the one that most have. */
function topicIdOf(replicas: readonly ReplicaFiles[]): string | null {
  const leader = replicas.find(({ isLeader, topicId }) => isLeader && topicId !== null)
  if (leader !== undefined) return leader.topicId
  const byId = Map.groupBy(
    replicas.filter(({ topicId }) => topicId !== null),
    ({ topicId }) => topicId,
  )
  return [...byId].sort(([, one], [, other]) => other.length - one.length)[0]?.[0] ?? null
}
