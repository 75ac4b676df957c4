/** Everything outside the process, in one object: a broker that is given a simulated one behaves the same twice. */
export interface Env {
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
  readonly network: Network
}

export interface Clock {
  /** Milliseconds since 1970, as people and record timestamps count. May jump. */
  now(): number
  /** Milliseconds since some start, with fractions. Never goes back: for timeouts and durations. */
  elapsed(): number
  /** Runs once after at least `delayMs` of `elapsed` time. Does not keep the process alive by itself. */
  after(delayMs: number, run: () => void): Timer
}

export interface Timer {
  /** After this `run` is not called any more. Harmless when it already was. */
  cancel(): void
}

export interface Random {
  /** An integer in [0, bound). */
  below(bound: number): number
  /** Bytes nobody can guess (in the simulation: that the seed decides). */
  bytes(length: number): Buffer
}

export interface DirectoryEntry {
  readonly name: string
  readonly isDirectory: boolean
}

export interface FileStat {
  readonly size: number
  readonly modifiedMs: number
  readonly isDirectory: boolean
}

/**
 * Files by absolute path. Failures are thrown as `DiskError` with the path and the system's code (`ENOENT`, `ENOSPC`, `EIO` …). A sync of a file or a
 * directory that failed is an `EIO` whatever the system called it: what it was to make sure of may be gone, so that trying again proves nothing,
 * while an `ENOSPC` may be tried again.
 */
export interface Disk {
  /** Opens for reading and appending. Without `create`, a missing file is an `ENOENT`. */
  open(path: string, options?: { readonly create?: boolean }): Promise<DiskFile>
  readFile(path: string): Promise<Buffer>
  /** All or nothing, also in a crash: a temporary file is written, synced and renamed, then the directory synced. */
  replaceFile(path: string, bytes: Buffer): Promise<void>
  /** `undefined` when there is nothing. */
  stat(path: string): Promise<FileStat | undefined>
  /** In no particular order. A missing directory is an `ENOENT`. */
  list(path: string): Promise<DirectoryEntry[]>
  /** With its parents; harmless when it exists. Survives a crash once this resolved. */
  makeDirectory(path: string): Promise<void>
  /** Atomic within a file system; replaces `to`. Survives a crash once `syncDirectory` of the parent resolved. */
  rename(from: string, to: string): Promise<void>
  /** A file or a whole directory; harmless when it does not exist. Survives a crash as a rename does. */
  remove(path: string): Promise<void>
  syncDirectory(path: string): Promise<void>
  /** Says of a file that it was last written to at `modifiedMs`, whole milliseconds. A power failure may undo it. */
  setModified(path: string, modifiedMs: number): Promise<void>
  /** Held until released or until the process ends; another holder is a `DiskError` with code `ELOCKED` that names its pid. */
  lock(path: string): Promise<DiskLock>
  /** Bytes of the file system that holds `path`. */
  space(path: string): Promise<{ readonly totalBytes: number; readonly freeBytes: number }>
}

export interface DiskLock {
  release(): Promise<void>
}

export interface DiskFile {
  readonly path: string
  /** Length in bytes, appends that have not resolved yet not counted. */
  readonly size: number
  /**
   * Fewer bytes than asked only at the end of the file. The buffer is the caller's own; `into`, if given, is filled instead, and the answer is a view of it:
   * for who goes through much and keeps none of it.
   */
  read(position: number, length: number, into?: Buffer): Promise<Buffer>
  /** In call order. When it rejects, the file holds what it held before, or a torn prefix of `chunks` behind it. */
  append(chunks: readonly Buffer[]): Promise<void>
  /**
   * Covers the appends called before it, and the name of a file that `open` created. Until it resolves, a crash may take any suffix of what was
   * appended, or tear it. Once failed, never tried again: what it covered may be gone.
   */
  sync(): Promise<void>
  truncate(length: number): Promise<void>
  /** Once all that was called before it is done. Harmless when it was called before; everything else is an `EBADF` from then on. */
  close(): Promise<void>
}

export class DiskError extends Error {
  readonly code: string
  readonly path: string

  constructor(code: string, path: string, message: string, cause?: unknown) {
    super(`${message} (${code}, ${path})`, { cause })
    this.name = 'DiskError'
    this.code = code
    this.path = path
  }
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** Streams of bytes between addresses. Failures are thrown as `NetworkError`. */
export interface Network {
  /** Port 0 takes a free one. A port in use is a `NetworkError` with code `EADDRINUSE`. */
  listen(at: Address, accept: (connection: Connection) => void): Promise<Listener>
  /** Rejects when nobody accepts within `timeoutMs`. */
  connect(to: Address, options: { readonly timeoutMs: number }): Promise<Connection>
}

export interface Listener {
  readonly address: Address
  /** Accepts no more; accepted connections stay. */
  close(): Promise<void>
}

/** One stream in both directions. Listeners are set once, in the turn in which the connection was handed over. */
export interface Connection {
  readonly remote: Address
  /**
   * A chunk is lent for as long as the call lasts: what is kept of it has to be copied. `room` may say where the bytes that come next belong, never an
   * empty buffer; a chunk that is a view of it lies there already. It is asked when a chunk has been heard, for the next one.
   */
  onData(listen: (chunk: Buffer) => void, room?: () => Buffer | undefined): void
  /** Called exactly once, after the last data, with the reason when it was not an orderly end. */
  onClose(listen: (why: Error | undefined) => void): void
  /**
   * Sends the chunks in order, as one write and without a copy; they must not change before `sent` is called. That is when nothing of them is needed any
   * more, and never when the connection is lost before. Ignored once closed.
   */
  write(chunks: readonly Buffer[], sent?: () => void): void
  /** Bytes accepted by `write` that the peer's side has not taken yet. */
  readonly pendingBytes: number
  /** Called when `pendingBytes` has fallen to zero again; need not be when it was less than a kilobyte. */
  onDrain(listen: () => void): void
  /** Stops and resumes `onData`: how a slow reader slows its sender. */
  pause(): void
  resume(): void
  /** Sends what was written, then ends. */
  end(): void
  /** At once; what is pending is lost. */
  destroy(): void
}

export class NetworkError extends Error {
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'NetworkError'
    this.code = code
  }
}
