import type { Clock } from '../env/env.ts'
import { applyRecords, type MetadataDelta } from '../metadata/delta.ts'
import { MetadataImage } from '../metadata/image.ts'
import { replaceImage } from '../metadata/replaceImage.ts'
import type { MetadataRecord } from '../protocol/messages/metadataRecords.ts'

/** A batch of the metadata log below its high watermark. */
export interface CommittedRecords {
  readonly lastOffset: number
  readonly epoch: number
  readonly records: readonly MetadataRecord[]
}

/** What all batches of the metadata log below an offset add up to. */
export interface CommittedState {
  readonly endOffset: number
  /** Of the last of them. */
  readonly epoch: number
  readonly records: readonly MetadataRecord[]
}

/**
 * The committed metadata as this broker knows it. After a start the log is replayed from its beginning, or from behind a snapshot; nothing of that
 * history may be acted on, because an old leadership would begin an old epoch in a newer log. `isPresent` says when the image has left history
 * behind: then followers are given the whole image once, and each change after it.
 */
export class BrokerMetadata {
  readonly #clock: Clock
  readonly #image = new MetadataImage()
  readonly #isPresent: (image: MetadataImage) => boolean
  #acting = false
  readonly #first: ((image: MetadataImage) => void)[] = []
  readonly #next: ((image: MetadataImage, delta: MetadataDelta) => void)[] = []
  readonly #waiting = new Set<() => void>()

  constructor(clock: Clock, options: { isPresent: (image: MetadataImage) => boolean }) {
    this.#clock = clock
    this.#isPresent = options.isPresent
  }

  /** Changes in place with every batch. */
  get image(): MetadataImage {
    return this.#image
  }

  /** Whether the image has reached the present and is being followed. */
  get isFollowed(): boolean {
    return this.#acting
  }

  /** Called in order, once for each committed batch from offset 0 or from behind the latest `replace` on. */
  apply(batch: CommittedRecords): void {
    this.#changed(applyRecords(this.#image, batch.records), batch)
  }

  /** A snapshot takes the place of all that was applied; followers hear of it as of one large change. */
  replace({ endOffset, epoch, records }: CommittedState): void {
    this.#changed(replaceImage(this.#image, records), { lastOffset: endOffset - 1, epoch })
  }

  #changed(delta: MetadataDelta, { lastOffset, epoch }: Pick<CommittedRecords, 'lastOffset' | 'epoch'>): void {
    this.#image.lastAppliedOffset = lastOffset
    this.#image.lastAppliedEpoch = epoch
    if (this.#acting) for (const listen of this.#next) listen(this.#image, delta)
    else if (this.#isPresent(this.#image)) {
      this.#acting = true
      for (const listen of this.#first) listen(this.#image)
    }
    for (const check of [...this.#waiting]) check()
  }

  /** `first` gets the image as soon as it is the present, `next` what changed in each batch after that. */
  follow(first: (image: MetadataImage) => void, next: (image: MetadataImage, delta: MetadataDelta) => void): void {
    this.#first.push(first)
    this.#next.push(next)
  }

  /** Resolves as soon as the image satisfies `reached`, after all followers have seen it, or when the time is over; says which. */
  reaches(reached: (image: MetadataImage) => boolean, withinMs: number): Promise<boolean> {
    if (reached(this.#image)) return Promise.resolve(true)
    return new Promise(resolve => {
      const timer = this.#clock.after(withinMs, () => {
        this.#waiting.delete(check)
        resolve(false)
      })
      const check = () => {
        if (!reached(this.#image)) return
        this.#waiting.delete(check)
        timer.cancel()
        resolve(true)
      }
      this.#waiting.add(check)
    })
  }
}
