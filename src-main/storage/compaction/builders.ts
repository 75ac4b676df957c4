import type { Env } from '../../env/env.ts'
import { baseOffset, lastOffset, partitionLeaderEpoch, setBaseOffset, setPartitionLeaderEpoch } from '../../protocol/records/batch.ts'
import { aLogConfig } from '../builders.ts'
import { FilePool } from '../filePool.ts'
import { placed } from '../segment.ts'
import type { LogConfig } from '../logConfig.ts'
import { replayInto } from '../producerBatches.ts'
import { ProducerState } from '../producerState.ts'
import { Segment } from '../segment.ts'
import { type CleaningLimits, type CleaningResult, cleanSegments } from './cleanSegments.ts'
import { Throttle } from './throttle.ts'

/** For tests: the segments of a log without the log, as far as compaction looks at them. */
export class SegmentsOnly {
  readonly directory: string
  readonly pool: FilePool
  readonly producers = new ProducerState()
  readonly config: LogConfig
  segments: Segment[] = []
  firstDirtyOffset = 0
  endOffset = 0
  readonly #env: Pick<Env, 'clock' | 'disk'>

  constructor(env: Pick<Env, 'clock' | 'disk'>, config: Partial<LogConfig> = {}, directory = '/data/topic-0') {
    this.#env = env
    this.directory = directory
    this.pool = new FilePool(env.disk)
    this.config = aLogConfig({ cleanupPolicy: ['compact'], ...config })
  }

  /** The batches become one more sealed segment, numbered on from the one before. An empty segment stands for the active one. */
  async add(batches: readonly Buffer[]): Promise<void> {
    if (this.segments.length === 0) await this.#env.disk.makeDirectory(this.directory)
    const segment = this.segments.at(-1) ?? (await this.#begin())
    this.segments = [...this.segments.filter(each => each !== segment), segment]
    for (const batch of batches) {
      setBaseOffset(batch, 0, this.endOffset)
      if (partitionLeaderEpoch(batch) < 0) setPartitionLeaderEpoch(batch, 0, 1)
      this.endOffset = lastOffset(batch) + 1
      segment.place(placed(batch), this.config.indexIntervalBytes)
      const aborted = replayInto(this.producers, batch)
      if (aborted !== undefined) segment.addAborted(aborted)
    }
    await segment.append(
      batches,
      batches.reduce((sum, batch) => sum + batch.length, 0),
    )
    segment.planSeal()
    await segment.seal()
    await segment.sync()
    this.segments.push(await this.#begin())
  }

  async #begin(): Promise<Segment> {
    const segment = Segment.begin(this.pool, this.directory, { baseOffset: this.endOffset, createdMs: this.#env.clock.now() })
    await segment.create()
    return segment
  }

  /** One pass over all but the active segment, up to `firstUncleanableOffset`. */
  async clean({
    firstUncleanableOffset = this.endOffset,
    ...limits
  }: Partial<CleaningLimits> & { readonly firstUncleanableOffset?: number } = {}): Promise<CleaningResult> {
    this.producers.forgetDecidedBelow(this.endOffset)
    const result = await cleanSegments(
      this.#env,
      this.pool,
      {
        segments: this.segments,
        directory: this.directory,
        config: this.config,
        firstDirtyOffset: this.firstDirtyOffset,
        firstUncleanableOffset,
        producers: this.producers.snapshot(),
      },
      {
        offsetMapBytes: 1024 * 1024,
        throttle: new Throttle(this.#env.clock),
        signal: new AbortController().signal,
        swap: (old, cleaned) => this.#swap(old, cleaned),
        ...limits,
      },
    )
    this.firstDirtyOffset = result.endOffset
    return result
  }

  async #swap(old: readonly Segment[], cleaned: Segment): Promise<boolean> {
    const at = this.segments.indexOf(old[0]!)
    this.segments = this.segments.toSpliced(at, old.length, cleaned)
    for (const segment of old) await segment.remove(this.pool)
    await cleaned.rename('')
    return true
  }

  /** All batches as they lie on the disk. */
  async batches(): Promise<Buffer[]> {
    const batches: Buffer[] = []
    for (const segment of this.segments) {
      const bytes = await segment.read(0, segment.size)
      for (let at = 0; at < bytes.length;) {
        const size = bytes.readInt32BE(at + 8) + 12
        batches.push(bytes.subarray(at, at + size))
        at += size
      }
    }
    return batches.toSorted((one, other) => baseOffset(one) - baseOffset(other))
  }

  /** As a later process has them: what was read is forgotten. */
  reopen(): void {
    this.segments = this.segments.map(({ baseOffset, createdMs, size }) => {
      const segment = new Segment(this.pool, this.directory, { baseOffset, createdMs, size })
      segment.sealLoaded(() => Promise.resolve())
      return segment
    })
  }

  async close(): Promise<void> {
    for (const segment of this.segments) await segment.close()
  }
}
