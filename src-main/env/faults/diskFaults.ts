import type { DiskError } from '../env.ts'

/** What can be made to fail. `replaceFile` is one operation, whatever it is made of. */
export type DiskOperation =
  | 'open'
  | 'read'
  | 'append'
  | 'sync'
  | 'truncate'
  | 'readFile'
  | 'replaceFile'
  | 'stat'
  | 'list'
  | 'makeDirectory'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'setModified'

export interface DiskFault {
  readonly operations: readonly DiskOperation[]
  /** Which paths it strikes; all of them when left out. */
  readonly path?: (path: string) => boolean
  readonly code: 'ENOSPC' | 'EIO' | 'EROFS' | (string & {})
  /** How many operations it strikes before it is over; for ever when left out. */
  readonly times?: number
}

/** The faults of one disk, settable while it is in use. */
export class DiskFaults {
  #faults: { readonly fault: DiskFault; left: number }[] = []

  /** Returns what ends the fault. */
  add(fault: DiskFault): () => void {
    const entry = { fault, left: fault.times ?? Infinity }
    this.#faults.push(entry)
    return () => {
      this.#faults = this.#faults.filter(each => each !== entry)
    }
  }

  clear(): void {
    this.#faults = []
  }

  /** The code that this operation must fail with, if any. Counts as a strike. */
  strike(operation: DiskOperation, path: string): DiskError['code'] | undefined {
    for (const entry of this.#faults) {
      const { fault } = entry
      if (!fault.operations.includes(operation) || fault.path?.(path) === false) continue
      entry.left -= 1
      if (entry.left <= 0) this.#faults = this.#faults.filter(each => each !== entry)
      return fault.code
    }
    return undefined
  }
}
