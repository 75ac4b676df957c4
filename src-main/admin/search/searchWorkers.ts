import type { MessageRow } from '../../contract/messages.ts'
import type { TopicFormats } from '../../contract/formats.ts'
import type { SearchFilter } from '../../contract/search.ts'
import type { SchemaSnapshot } from '../formats/schemas.ts'

/** What a worker is to look for; said once, before anything else. */
export interface SearchTask {
  readonly filter: SearchFilter
  readonly fromMs: number | null
  readonly toMs: number | null
  readonly columns: readonly string[]
  readonly topic: string
  readonly formats: TopicFormats
  /** Null where no schemas are known. */
  readonly schemas: SchemaSnapshot | null
}

/** Offsets [from, to) of a partition; `id` names the piece of work in what is reported of it. */
export interface ScanSection {
  readonly id: number
  readonly partition: number
  readonly from: number
  readonly to: number
}

/** Batches of some sections, each within `bytes`, which become the worker's. */
export interface ScanBytes {
  readonly type: 'scanBytes'
  readonly bytes: Uint8Array
  readonly sections: readonly (ScanSection & { readonly at: number; readonly length: number })[]
}

/** Batches of a section that lie in a file, from `position` to `end`. */
export interface ScanFile {
  readonly type: 'scanFile'
  readonly path: string
  readonly position: number
  readonly end: number
  readonly section: ScanSection
}

export type WorkerRequest = { readonly type: 'begin'; readonly task: SearchTask } | ScanBytes | ScanFile

/** What was looked at in a section since the last report: everything up to, and without, `upTo`. */
export interface ScanReport {
  readonly type: 'report'
  readonly id: number
  readonly upTo: number
  readonly rows: readonly MessageRow[]
  readonly records: number
  readonly bytes: number
  readonly failures: number
  readonly firstFailure: string | null
}

export type WorkerAnswer =
  | { readonly type: 'ready' }
  | { readonly type: 'invalidFilter'; readonly problem: string }
  | ScanReport
  /** All of the section was looked at. `isMissing`: its file was not there (any more). */
  | { readonly type: 'finished'; readonly id: number; readonly isMissing: boolean }
  /** The filter took longer for a record than it may. The worker is of no more use. */
  | { readonly type: 'tooSlow' }
  /** It was stopped for its time, and what took that was looking for memory. */
  | { readonly type: 'tooMuchMemory' }
  /** A bug, or a disk that failed. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string }

/** Why a worker is gone although nobody closed it. */
export type WorkerEnd = 'tooMuchMemory' | { readonly failure: Error }

export interface WorkerListeners {
  answer(answer: WorkerAnswer): void
  /** Called once at most, and never after `close`. */
  ended(why: WorkerEnd): void
}

export interface SearchWorker {
  /** In order. Bytes are moved rather than copied where that is possible: the sender must not use them any more. */
  post(request: WorkerRequest): void
  /** At once, whatever it is doing. `isReusable`: nothing is under way in it. */
  close(how: { readonly isReusable: boolean }): void
}

/** Where searches go through records, away from the thread that answers everybody. */
export interface SearchWorkers {
  /** How many can work at the same time while this thread is busy, too. */
  readonly parallelism: number
  /**
   * `trusted` runs our own code and regular expressions; `foreign` runs code of whoever searches, and what that does to its memory must not cost
   * anything but the search.
   */
  open(kind: 'trusted' | 'foreign', listeners: WorkerListeners): SearchWorker
}
