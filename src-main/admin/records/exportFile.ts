import type { ExportPlace } from '../../contract/records.ts'

/** A file that is being written. Until it is whole, its name says that it is not, wherever that is in our hands. */
export interface ExportFile {
  readonly place: ExportPlace
  /** Resolves once there is room for more. Rejects when nothing can be written any more: a full disk, a browser that left. */
  write(bytes: Buffer): Promise<void>
  /** What waits to be written is given up at once, for who would wait for ever. `close` still follows. */
  abandon(): void
  /** The last call. */
  close(how: { readonly isWhole: boolean }): Promise<void>
}

/** Where the host lets exports be written. */
export interface ExportFiles {
  /** `dialog` asks the person; null when they do not want to. `download` is fetched by their browser. */
  open(to: 'download' | 'dialog', name: string): Promise<ExportFile | null>
}
