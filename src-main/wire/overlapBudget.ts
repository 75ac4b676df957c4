/** Bytes of requests that all connections of a listener together may have begun beside others. */
const MOST_BYTES = 64 * 1024 * 1024
/** Of one connection. */
const MOST_BYTES_OF_ONE = 8 * 1024 * 1024
/** Requests under way on one connection, however small they are. */
const MOST_CALLS = 256

/**
 * How much may be under way at the same time on connections whose clients do not wait for answers. Shared by the connections of a listener; each may
 * always have one request, which is not counted.
 */
export class OverlapBudget {
  #bytes = 0

  /** Whether one more request of `bytes` may begin beside `calls` of the same connection, which have `ofOne` bytes; then `give` returns them. */
  take(bytes: number, calls: number, ofOne: number): boolean {
    if (calls >= MOST_CALLS || ofOne + bytes > MOST_BYTES_OF_ONE || this.#bytes + bytes > MOST_BYTES) return false
    this.#bytes += bytes
    return true
  }

  give(bytes: number): void {
    this.#bytes -= bytes
  }
}
