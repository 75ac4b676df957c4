import type { Env } from '../env/env.ts'
import { DiskFaults } from '../env/faults/diskFaults.ts'
import { Life } from './life.ts'
import { Scheduler } from './scheduler.ts'
import { seededRandom, type SeededRandom } from './seededRandom.ts'
import { simulatedClock } from './simulatedClock.ts'
import { type Luck, SimulatedDisk, USUAL_DISK_TIMES, type DiskTimes } from './simulatedDisk.ts'
import { SimulatedLinks, USUAL_LINK_TIMES, type LinkTimes } from './simulatedLinks.ts'
import { SimulatedNetwork } from './simulatedNetwork.ts'

export interface WorldOptions {
  readonly disk?: Partial<DiskTimes>
  readonly link?: Partial<LinkTimes>
}

export interface Crash {
  /** A power failure rather than a killed process: the disk keeps what was synced, and of the rest what chance leaves. */
  readonly loseUnsynced?: boolean
  /** What decides, in place of the seed, what chance leaves: the same run can end in several ways. */
  readonly luck?: Luck
  /** The machine vanishes: nobody hears of it, open connections just stay silent. */
  readonly silently?: boolean
}

export interface Cut {
  /** Packets from the first to the second are lost, the other way they pass. */
  readonly oneWay?: boolean
}

/** What is awaited in `run` without saying for how long. */
const PATIENCE_MS = 60_000

interface SimulatedNode {
  readonly disk: SimulatedDisk
  lives: number
  life: Life | undefined
  env: Env | undefined
  skewMs: number
}

/** A world in which `seed` decides everything that is not decided by the code under test. See `world.test.ts` for how to use it. */
export function simulatedWorld(seed: number, options: WorldOptions = {}): World {
  return new World(seed, options)
}

/**
 * Nodes with their own disks, on one network, in one time. Nothing happens by itself: `run` lets one event after the other happen, and
 * between two of them all promises that can go on do so. The world never looks at real time, so that the same seed gives the same run.
 */
export class World {
  readonly seed: number
  /** For whatever else a scenario has to draw. */
  readonly random: SeededRandom
  readonly #options: WorldOptions
  readonly #scheduler: Scheduler
  readonly #links: SimulatedLinks
  readonly #network: SimulatedNetwork
  readonly #nodes = new Map<string, SimulatedNode>()
  readonly #invariants: (() => void)[] = []

  constructor(seed: number, options: WorldOptions = {}) {
    this.seed = seed
    this.#options = options
    this.random = seededRandom(seed)
    this.#scheduler = new Scheduler(this.random.fork('ties'))
    this.#links = new SimulatedLinks(this.random.fork('links'))
    this.#links.times = { ...USUAL_LINK_TIMES, ...options.link }
    this.#network = new SimulatedNetwork(this.#scheduler, this.random.fork('network'), this.#links)
  }

  /** The world as `node` sees it. The same object until the node crashes; after that a new one, with what its disk still has. */
  env(node: string): Env {
    const simulated = this.#node(node)
    if (simulated.env !== undefined) return simulated.env
    const life = new Life(node, ++simulated.lives)
    const clock = simulatedClock(this.#scheduler, life, () => simulated.skewMs)
    const env: Env = {
      clock,
      random: this.random.fork(`random of ${life.toString()}`),
      disk: simulated.disk.seenBy(life, clock.now),
      network: this.#network.seenBy(life),
    }
    simulated.life = life
    simulated.env = env
    return env
  }

  /** Milliseconds since the world began. */
  get elapsed(): number {
    return this.#scheduler.elapsed
  }

  /** Calls `listen` with the time and the label of every event, as it happens. */
  onEvent(listen: (atMs: number, label: string) => void): void {
    this.#scheduler.heard = label => listen(this.elapsed, label)
  }

  /** The node whose event happened last: nothing has changed on any other. Undefined when it was no node's own event. */
  get latestNode(): string | undefined {
    return this.#scheduler.latest?.node
  }

  /** Checked after every event; throws when it does not hold. */
  always(invariant: () => void): void {
    this.#invariants.push(invariant)
  }

  /**
   * A number lets that many milliseconds pass. A condition lets events happen until it holds, and throws when it does not within
   * `withinMs` or when nothing is left that could happen.
   */
  async run(howLong: number | (() => boolean), withinMs = PATIENCE_MS): Promise<void> {
    const isReached = typeof howLong === 'number' ? () => false : howLong
    const end = this.elapsed + (typeof howLong === 'number' ? howLong : withinMs)
    const rejections = listenForRejections()
    try {
      await turns(() => {
        for (const invariant of this.#invariants) invariant()
        rejections.throwFirst()
        if (isReached()) return false
        const { nextAt } = this.#scheduler
        if (nextAt !== undefined && nextAt <= end) return this.#scheduler.step()
        if (typeof howLong !== 'number') throw new Error(`it did not come to ${howLong.toString()} within ${withinMs} ms`)
        this.#scheduler.elapsed = end
        return false
      })
    } catch (problem) {
      throw this.#withSeed(problem)
    } finally {
      rejections.stop()
    }
  }

  /** Lets events happen until `promise` is settled, and returns or throws what it came to. */
  async settle<T>(promise: Promise<T> | T, withinMs = PATIENCE_MS): Promise<T> {
    let isSettled = false
    const settled = Promise.resolve(promise).finally(() => {
      isSettled = true
    })
    settled.catch(() => undefined) // it is awaited below; until then it must not count as unhandled
    await this.run(function theAwaitedPromise() {
      return isSettled
    }, withinMs)
    return settled
  }

  /** The process of `node` ends between two instructions. Nothing it had under way completes; its next `env` is a new life. */
  crash(node: string, how: Crash = {}): void {
    const simulated = this.#node(node)
    const { life } = simulated
    if (life !== undefined) {
      life.alive = false
      simulated.env = undefined
      simulated.life = undefined
      simulated.disk.crashed(life)
      this.#network.crashed(life, { silently: how.silently === true })
    }
    this.#scheduler.note(`crash ${node}`)
    if (how.loseUnsynced === true) simulated.disk.losePower(how.luck)
  }

  /** The process stands still, as under SIGSTOP: its sockets stay open, and what it missed happens at `thaw`. */
  freeze(node: string): void {
    const { life } = this.#node(node)
    if (life !== undefined) life.frozen = true
  }

  thaw(node: string): void {
    const { life } = this.#node(node)
    if (life !== undefined) this.#scheduler.thaw(life)
  }

  /** Packets between two nodes do not arrive until healed: open connections stall, new ones time out. */
  cut(one: string, other: string, how: Cut = {}): void {
    this.#links.cut(one, other)
    if (how.oneWay !== true) this.#links.cut(other, one)
  }

  /** Cuts `node` off from all nodes that exist. */
  isolate(node: string): void {
    for (const other of this.#nodes.keys()) if (other !== node) this.cut(node, other)
  }

  /** Mends one link, in both directions, or all of them. */
  heal(one?: string, other?: string): void {
    if (one === undefined || other === undefined) this.#links.mendAll()
    else {
      this.#links.mend(one, other)
      this.#links.mend(other, one)
    }
  }

  /** Packets from `one` to `other` and back take this long from now on, until all is healed. */
  slow(one: string, other: string, times: Partial<LinkTimes>): void {
    const slower = { ...this.#links.times, ...times }
    this.#links.setTimes(one, other, slower)
    this.#links.setTimes(other, one, slower)
  }

  /** Every connection between the two breaks; new ones can be made. */
  breakConnections(one: string, other: string): void {
    this.#network.breakConnections(one, other)
  }

  openConnections(node: string): number {
    return this.#network.openConnections(node)
  }

  /** The disk from outside: capacity, speed, faults to inject, what it holds. */
  disk(node: string): SimulatedDisk {
    return this.#node(node).disk
  }

  /** What the wall clock of `node` shows beyond the others'. */
  setClockSkew(node: string, skewMs: number): void {
    this.#node(node).skewMs = skewMs
  }

  /** Labels of the latest events, for whoever has to understand a failing seed. */
  get trace(): readonly string[] {
    return this.#scheduler.trace
  }

  /** A digest of all events so far: two runs from one seed agree on it. */
  get fingerprint(): number {
    return this.#scheduler.fingerprint
  }

  /** Ends all lives, so that nothing of them goes on and nothing is kept in memory. */
  close(): void {
    for (const node of this.#nodes.keys()) this.crash(node)
    this.#scheduler.clear()
  }

  #node(name: string): SimulatedNode {
    let node = this.#nodes.get(name)
    if (node === undefined) {
      const disk = new SimulatedDisk(this.#scheduler, this.random.fork(`disk of ${name}`), new DiskFaults())
      disk.times = { ...USUAL_DISK_TIMES, ...this.#options.disk }
      node = { disk, lives: 0, life: undefined, env: undefined, skewMs: 0 }
      this.#nodes.set(name, node)
    }
    return node
  }

  #withSeed(problem: unknown): Error {
    const message = problem instanceof Error ? problem.message : String(problem)
    const latest = this.trace.slice(-12).join('\n  ')
    return new Error(`seed ${this.seed}, after ${this.elapsed.toFixed(3)} ms: ${message}\n  ${latest}`, { cause: problem })
  }
}

/** Immediates that are asked for at once: the event loop turns once for all of them, and a turn costs as much as an event. */
const TURNS_AT_ONCE = 512

/**
 * Calls `turn` until it returns false, and lets all promises go on before each call: Node empties its microtask queue before it comes to the next immediate,
 * however long the chains of promises are. That is all the real event loop is used for here: which event comes next is never its decision.
 */
function turns(turn: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false
    let left = 0
    let atOnce = 1
    const one = () => {
      if (isOver) return
      try {
        isOver = !turn()
        if (isOver) resolve()
        else if (--left === 0) ask()
      } catch (problem) {
        isOver = true
        reject(problem instanceof Error ? problem : new Error(String(problem)))
      }
    }
    const ask = () => {
      left = atOnce
      atOnce = Math.min(2 * atOnce, TURNS_AT_ONCE)
      // eslint-disable-next-line no-restricted-globals -- see above: it lets promises go on, it decides nothing
      for (let count = 0; count < left; count++) setImmediate(one)
    }
    ask()
  })
}

/** A rejection without an owner would end a real process; here it fails the run, with the seed. */
function listenForRejections(): { throwFirst(): void; stop(): void } {
  const seen: unknown[] = []
  const listen = (reason: unknown) => void seen.push(reason)
  process.on('unhandledRejection', listen)
  return {
    throwFirst() {
      if (seen.length > 0) throw seen[0]
    },
    stop() {
      process.off('unhandledRejection', listen)
    },
  }
}
