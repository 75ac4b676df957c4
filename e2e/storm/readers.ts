import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Address } from '../../src-main/env/env.ts'
import { CommitRegister, ReaderBook } from './books.ts'
import { committedOffsets } from './committed.ts'
import { endsWithin, sleep } from './patience.ts'

export const GROUP = 'storm-readers'
const LOOK_EVERY_MS = 300
/** What a reader has sent us takes its time to arrive on a busy machine. */
const HEARD_AFTER_MS = 500
const JOINS_WITHIN_MS = 30_000
const LEAVES_WITHIN_MS = 10_000
const SILENT_FOR_MS = 20_000

/** What a reader is started with. */
export interface ReaderOrder {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly group: string
}

/** What a reader tells. */
export type FromReader =
  | { readonly type: 'joined' | 'alive' }
  | { readonly type: 'read'; readonly partition: number; readonly records: readonly (readonly [offset: number, value: string])[] }
  | { readonly type: 'commits' | 'committed'; readonly partition: number; readonly offset: number; readonly atMs: number }

interface Member {
  readonly id: number
  readonly child: ChildProcess
  readonly joined: PromiseWithResolvers<void>
  readonly ended: PromiseWithResolvers<void>
  /** The commit of each partition that is under way. */
  readonly commits: Map<number, ReturnType<CommitRegister['sends']>>
  heardAt: number
}

/** A group that reads everything, commits what it has read, and is asked again and again what it has committed. */
export class Readers {
  readonly books: readonly ReaderBook[]
  readonly registers: readonly CommitRegister[]
  /** What was read that should not have been, and what was committed that is not there. */
  readonly faults: string[] = []
  looks = 0
  /** Members that came up in another's place, which had failed or fallen silent. */
  revivals = 0
  readonly #topic: string
  readonly #brokers: readonly Address[]
  readonly #members = new Set<Member>()
  #nextMember = 0
  #watching: Promise<void> | undefined
  #silence: NodeJS.Timeout | undefined
  #looksInPeace = 0
  #isStopping = false

  constructor({
    topic,
    partitions,
    brokers,
  }: {
    readonly topic: string
    readonly partitions: number
    readonly brokers: readonly Address[]
  }) {
    this.#topic = topic
    this.#brokers = brokers
    this.books = Array.from({ length: partitions }, () => new ReaderBook())
    this.registers = Array.from({ length: partitions }, () => new CommitRegister())
  }

  async start(members: number): Promise<void> {
    for (let count = 0; count < members; count++) await this.#join()
    this.#watching = this.#watch()
    this.#silence = setInterval(() => {
      for (const member of this.#members) if (performance.now() - member.heardAt > SILENT_FOR_MS) member.child.kill('SIGKILL')
    }, 1_000)
  }

  /** The member that has been there longest leaves, and another one comes. */
  async replaceOne(): Promise<void> {
    const [oldest] = this.#members
    if (oldest === undefined) return
    await this.#leave(oldest)
    await this.#join()
  }

  /** Every member goes, and as many others come. */
  async replaceAll(): Promise<void> {
    for (const member of [...this.#members]) {
      await this.#leave(member)
      await this.#join()
      this.revivals += 1
    }
  }

  /** The highest offset that each partition was read up to, exclusive. */
  get readTo(): number[] {
    return this.books.map(book => book.values.length)
  }

  async stop(): Promise<void> {
    clearInterval(this.#silence)
    this.#isStopping = true
    for (const member of [...this.#members]) await this.#leave(member)
    await this.#watching
  }

  async #join(): Promise<void> {
    const brokers = this.#brokers.map(({ host, port }) => `${host}:${port}`)
    const order: ReaderOrder = { brokers, topic: this.#topic, group: GROUP }
    const child = fork(join(import.meta.dirname, 'reader.ts'), [JSON.stringify(order)], { stdio: 'ignore' })
    const member: Member = {
      id: this.#nextMember++,
      child,
      joined: Promise.withResolvers(),
      ended: Promise.withResolvers(),
      commits: new Map(),
      heardAt: performance.now(),
    }
    this.#members.add(member)
    child.on('message', message => this.#heard(member, message as FromReader))
    child.once('exit', () => {
      member.ended.resolve()
      if (!this.#members.delete(member) || this.#isStopping) return
      this.revivals += 1
      void this.#join()
    })
    await endsWithin(JOINS_WITHIN_MS, Promise.race([member.joined.promise, member.ended.promise]))
  }

  async #leave(member: Member): Promise<void> {
    this.#members.delete(member)
    if (member.child.connected) member.child.send('leave', () => undefined)
    if (await endsWithin(LEAVES_WITHIN_MS, member.ended.promise)) return
    member.child.kill('SIGKILL')
    await member.ended.promise
  }

  #heard(member: Member, message: FromReader): void {
    member.heardAt = performance.now()
    switch (message.type) {
      case 'alive':
        break
      case 'joined':
        member.joined.resolve()
        break
      case 'read':
        for (const [offset, value] of message.records) this.books[message.partition]?.read(offset, value)
        break
      case 'commits': {
        const { partition, offset, atMs } = message
        const commit = this.registers[partition]?.sends({ by: `reader ${member.id}`, offset }, atMs - performance.timeOrigin)
        if (commit !== undefined) member.commits.set(partition, commit)
        break
      }
      case 'committed':
        member.commits.get(message.partition)?.acknowledged(message.atMs - performance.timeOrigin)
        break
    }
  }

  async #watch(): Promise<void> {
    for (let turn = 0; !this.#isStopping || this.#looksInPeace < this.#brokers.length; turn++) {
      const broker = this.#brokers[turn % this.#brokers.length]
      if (broker !== undefined && (await this.#look(broker)) && this.#isStopping) this.#looksInPeace += 1
      await sleep(this.#isStopping ? 0 : LOOK_EVERY_MS)
    }
  }

  /** Whether there was an answer. */
  async #look(broker: Address): Promise<boolean> {
    const askedAt = Math.round(performance.now())
    const checks = this.registers.map(register => register.asks())
    const answer = await committedOffsets(broker, { group: GROUP, topic: this.#topic, partitions: this.registers.length })
    const answeredAt = Math.round(performance.now())
    await sleep(HEARD_AFTER_MS)
    for (const [partition, check] of checks.entries()) {
      const fault = check(answer?.find(each => each.partition === partition)?.offset)
      if (fault !== undefined) this.faults.push(`partition ${partition}, asked ${broker.port} from ${askedAt} to ${answeredAt}: ${fault}`)
    }
    if (answer !== undefined) this.looks += 1
    return answer !== undefined
  }
}
