/** How often each invariant was looked at, by its name: one that never was has proven nothing. */
export class Checks {
  readonly counts = new Map<string, number>()

  count(invariant: string, times = 1): void {
    this.counts.set(invariant, (this.counts.get(invariant) ?? 0) + times)
  }
}
