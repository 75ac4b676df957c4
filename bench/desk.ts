import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Contender, ContenderName, MeasuredCluster } from './cluster.ts'
import type { Row } from './figures.ts'
import { guard } from './guard.ts'

/** What came out of each contender, round by round; of Kafka nothing when it was not there. */
export type Outcomes<T> = Readonly<Record<ContenderName, readonly T[]>>

/**
 * Where the two clusters are measured side by side. A cluster is started when it is first asked for, warmed up, and then serves all rows that leave it
 * whole, so that both have seen the same; while one is measured, the other is idle.
 */
export class Desk {
  readonly contenders: readonly Contender[]
  readonly isQuick: boolean
  /** Of Apache Kafka's clients, where those are there. */
  readonly javaClasspath: string | undefined
  readonly #clusters = new Map<ContenderName, Promise<MeasuredCluster>>()
  readonly #warmUp: (cluster: MeasuredCluster) => Promise<void>
  #folder: Promise<string> | undefined
  #turn = 0

  constructor(
    contenders: readonly Contender[],
    options: {
      readonly isQuick: boolean
      readonly javaClasspath: string | undefined
      readonly warmUp: (cluster: MeasuredCluster) => Promise<void>
    },
  ) {
    this.contenders = contenders
    this.isQuick = options.isQuick
    this.javaClasspath = options.javaClasspath
    this.#warmUp = options.warmUp
  }

  /** A folder for what all clients read. */
  folder(): Promise<string> {
    return (this.#folder ??= mkdtemp(join(tmpdir(), 'trilog-bench-')).then(folder => {
      guard('folder', folder)
      return folder
    }))
  }

  /** Each contender in turn, on its lasting cluster; who is first changes from round to round. */
  measure<T>(rounds: number, run: (cluster: MeasuredCluster, round: number) => Promise<T>): Promise<Outcomes<T>> {
    return this.inTurn(rounds, async (contender, round) => run(await this.#cluster(contender), round))
  }

  /** The same without a cluster: who runs, starts one. */
  async inTurn<T>(rounds: number, run: (contender: Contender, round: number) => Promise<T>): Promise<Outcomes<T>> {
    const outcomes: Record<ContenderName, T[]> = { trilog: [], kafka: [] }
    for (let round = 0; round < rounds; round++) {
      const order = this.#turn++ % 2 === 0 ? this.contenders : this.contenders.toReversed()
      for (const contender of order) outcomes[contender.name].push(await run(contender, round))
    }
    return outcomes
  }

  /** Ends the lasting clusters: for rows that want the machine to themselves, and for the end. */
  async clear(): Promise<void> {
    const clusters = [...this.#clusters.values()]
    this.#clusters.clear()
    // Of one that could not be started, whoever asked for it has heard.
    const started = (await Promise.allSettled(clusters)).flatMap(each => (each.status === 'fulfilled' ? [each.value] : []))
    await Promise.all(started.map(cluster => cluster.stop()))
  }

  async close(): Promise<void> {
    await this.clear()
    if (this.#folder !== undefined) await rm(await this.#folder, { recursive: true, force: true })
  }

  async #cluster(wanted: Contender): Promise<MeasuredCluster> {
    // All of them, so that no start falls into a measurement of another.
    for (const contender of this.contenders) {
      if (!this.#clusters.has(contender.name)) this.#clusters.set(contender.name, this.#started(contender))
      await this.#clusters.get(contender.name)
    }
    return this.#clusters.get(wanted.name)!
  }

  async #started(contender: Contender): Promise<MeasuredCluster> {
    const cluster = await contender.start()
    await this.#warmUp(cluster)
    return cluster
  }
}

/** A row of both sides, or no row where nothing could be measured. */
export function rowsOf<T>(
  name: string,
  unit: string,
  outcomes: Outcomes<T>,
  figure: (outcome: T) => number | readonly number[] | undefined,
  more: Pick<Row, 'bar' | 'ceiling'> = {},
): Row[] {
  const figures = (side: ContenderName) => outcomes[side].flatMap(outcome => figure(outcome) ?? [])
  const [values, peer] = [figures('trilog'), figures('kafka')]
  if (values.length === 0) return []
  return [{ name, unit, values, ...(peer.length > 0 && { peer }), ...more }]
}
