import type { Clock } from '../env/env.ts'

/** Others may be on their way. */
const WITHIN_MS = 3_000

/** A broker that was started waits for voters that do not run: nobody can lead the quorum until a majority of them does. */
export class NoQuorum extends Error {
  readonly code = 'NO_QUORUM'
  readonly details: {
    readonly brokerId: number
    readonly running: number
    readonly voters: number
    readonly needed: number
    /** Ids of the voters that do not run. */
    readonly missing: string
  }

  constructor(brokerId: number, { voters, running }: { readonly voters: readonly number[]; readonly running: readonly number[] }) {
    const missing = voters.filter(id => !running.includes(id)).join(', ')
    const needed = majorityOf(voters.length)
    super(
      `Broker ${brokerId} has started and waits for a quorum: ${needed} of the voters ${voters.join(', ')} have to run at the same time, and ` +
        `${missing} ${missing.includes(',') ? 'do' : 'does'} not. It goes on waiting, and is ready once enough of them are started`,
    )
    this.name = 'NoQuorum'
    this.details = { brokerId, running: running.length, voters: voters.length, needed, missing }
  }
}

/** So many voters have to agree. */
export const majorityOf = (voters: number): number => Math.floor(voters / 2) + 1

/** The same start, for somebody who is not left to wait for ever for another broker: rejects with what is lacking, and the start goes on. */
export function unlessNoQuorum(clock: Clock, started: Promise<void>, lacking: () => NoQuorum | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const lack = lacking()
      if (lack === undefined) timer = clock.after(WITHIN_MS, look)
      else reject(lack)
    }
    let timer = clock.after(WITHIN_MS, look)
    void started.then(resolve, reject).finally(() => timer.cancel())
  })
}
