import type { BrokerState, BrokerLogLine } from '../contract/cluster.ts'
import type { Clock, Disk } from '../env/env.ts'
import type { Processes } from '../env/processes.ts'
import type { FromBroker } from '../server/config.ts'
import { BrokerLog } from './brokerLog.ts'
import { BrokerProcess, type BrokerCommand } from './brokerProcess.ts'

export interface MemberOptions {
  readonly brokerId: number
  readonly logFile: string
  /** Called before each start: the broker's disk is made ready. */
  readonly prepare: () => Promise<BrokerCommand>
  readonly entered: (state: BrokerState, facts: { pid?: number | null; reason?: string | null }) => void
  readonly told: (message: FromBroker) => void
  readonly line: (line: BrokerLogLine) => void
}

/**
 * One broker of the cluster: its process, its log, and the turn in which things are asked of it. What starts it waits for its turn. What ends it
 * does not wait for a start, which may take for ever where no quorum can be had: it calls off the start that is under way, and those that wait.
 */
export class Member {
  readonly brokerId: number
  readonly process: BrokerProcess
  readonly log: BrokerLog
  readonly #prepare: () => Promise<BrokerCommand>
  #turn: Promise<void> = Promise.resolve()
  /** How often starts were called off. */
  #calledOff = 0
  #isClosed = false

  constructor(env: { readonly clock: Clock; readonly disk: Disk; readonly processes: Processes }, options: MemberOptions) {
    const { brokerId } = options
    this.brokerId = brokerId
    this.#prepare = options.prepare
    this.log = new BrokerLog(env, { brokerId, path: options.logFile, onLine: options.line })
    this.process = new BrokerProcess(env, {
      entered: options.entered,
      told: options.told,
      line: line => this.log.write(line),
    })
  }

  /** Resolves when the broker serves clients. */
  start(): Promise<void> {
    const calledOff = this.#calledOff
    return this.#inTurn(() => this.#startUnlessCalledOff(calledOff))
  }

  stop(options: { readonly handOver: boolean }): Promise<void> {
    this.#calledOff += 1
    return this.#stopInTurn(options)
  }

  /** Stops and starts in one turn. */
  restart(): Promise<void> {
    if (this.process.state === 'starting') this.#calledOff += 1
    const calledOff = this.#calledOff
    return this.#stopInTurn({ handOver: true }, () => this.#startUnlessCalledOff(calledOff))
  }

  /** Does not wait for what else was asked of the broker: a kill is for now. */
  async kill(): Promise<void> {
    this.#calledOff += 1
    await this.process.kill()
  }

  pause() {
    this.#requireAlive('only a running broker can be frozen')
    this.process.pause()
  }

  resume() {
    this.#requireAlive('only a frozen broker can be thawed')
    this.process.resume()
  }

  /** Kills the process, lets `destroy` do what it does, and starts anew. */
  async wipe(destroy: () => Promise<void>): Promise<void> {
    const killed = this.kill()
    const calledOff = this.#calledOff
    await this.#inTurn(async () => {
      await killed
      await this.process.kill() // somebody may have started it again before this turn came
      await destroy()
      await this.#startUnlessCalledOff(calledOff)
    })
  }

  /** Ends the process in order; from then on nothing can be asked of it. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#calledOff += 1
    await this.process.stop({ handOver: false })
    await this.#turn
    await this.log.close()
  }

  async #startUnlessCalledOff(calledOff: number): Promise<void> {
    const command = await this.#prepare()
    if (this.#calledOff !== calledOff) throw new Error(`The start of broker ${this.brokerId} was called off`)
    await this.process.start(command)
  }

  async #stopInTurn(options: { readonly handOver: boolean }, then?: () => Promise<void>): Promise<void> {
    const startEnds = this.process.state === 'starting' ? this.process.stop(options) : undefined
    await this.#inTurn(async () => {
      await startEnds
      await this.process.stop(options)
      await then?.()
    })
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(() => {
      if (this.#isClosed) throw new Error('The cluster is stopping')
      return act()
    })
    this.#turn = done.catch(() => undefined) // the asker hears of the failure; the next one starts fresh
    return done
  }

  #requireAlive(rule: string) {
    const { state } = this.process
    if (state !== 'running' && state !== 'frozen') throw new Error(`Broker ${this.brokerId} is ${state}; ${rule}`)
  }
}
