import { errorName, isRetriable } from '../../protocol/errors.ts'
import { InitProducerId } from '../../protocol/messages/initProducerId.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { BrokenPromise } from './history.ts'
import { NotNow, SimulatedClient, untilOver, type ClientWorld } from './simulatedClient.ts'

const ALL = -1
const LEADER = 1

interface OpenBatch {
  /** Of all that this producer has made. */
  readonly number: number
  readonly sequence: number
  readonly values: readonly string[]
}

/** A batch that was acknowledged. */
interface StoredBatch {
  /** As in `OpenBatch`. */
  readonly number: number
  readonly baseOffset: number
}

/** As many as can be acknowledged around one whose fate is not known, and one before it. */
const REMEMBERED = 8

/** A producer's id and all that it has written under it, for the check in the end. */
export interface ProducerSession {
  readonly topic: string
  readonly partition: number
  readonly producerId: number
  /** Sequence of the next record; all below were acknowledged when the producer has drained. */
  nextSequence: number
}

/**
 * An idempotent producer on one partition, as a correct client is one: up to five batches in flight in order of their sequences, and each is sent
 * again, unchanged, until its fate is known. Nor is any sent that comes five behind one whose fate is not known, however many in between are
 * acknowledged: a leader remembers the last five (KIP-98), and takes what is older for out of order.
 */
export class IdempotentProducer {
  readonly sessions: ProducerSession[] = []
  acknowledged = 0
  readonly #world: ClientWorld
  readonly #client: SimulatedClient
  readonly #topic: string
  readonly #partition: number
  readonly #inFlight: number
  #open: OpenBatch[] = []
  #count = 0
  #batches = 0

  constructor(world: ClientWorld, at: { name: string; topic: string; partition: number }) {
    this.#world = world
    this.#client = new SimulatedClient(world, at.name)
    this.#topic = at.topic
    this.#partition = at.partition
    this.#inFlight = 1 + this.#client.random.below(5)
  }

  get name(): string {
    return this.#client.name
  }

  /** Nothing is in flight, and nothing more will be written once the world drains. */
  get isDrained(): boolean {
    return this.#open.length === 0
  }

  run(): Promise<void> {
    return untilOver(this.#world, this.#client, async () => {
      const { random } = this.#client
      if (!this.#world.isDraining) this.#write()
      if (this.#open.length === 0) return this.#client.rest(50)
      await this.#flush(await this.#session())
      if (random.chance(0.01) && this.#open.length === 0) this.#current = undefined
      await this.#client.rest(random.below(60))
    })
  }

  #current: ProducerSession | undefined
  /** Something that was sent under the present id is stored, so that every leader knows it. */
  #isKnown = false
  /** The newest batches that were acknowledged under the present id, ascending. */
  #newest: readonly StoredBatch[] = []

  async #session(): Promise<ProducerSession> {
    if (this.#current !== undefined) return this.#current
    const response = await this.#client.ask(this.#client.anyBroker(), InitProducerId, {
      transactionalId: null,
      transactionTimeoutMs: 60_000,
    })
    const error = errorName(response.errorCode)
    if (error !== 'NONE') {
      if (!isRetriable(error)) throw new BrokenPromise('producers get an id', `InitProducerId was refused with ${error}`)
      throw new NotNow(error)
    }
    this.#world.history.noteProducerId(response.producerId)
    const session = { topic: this.#topic, partition: this.#partition, producerId: response.producerId, nextSequence: 0 }
    this.sessions.push(session)
    this.#current = session
    this.#isKnown = false
    this.#newest = []
    // Nothing was sent under the last id that is not known to be stored, so the numbers begin anew.
    this.#open = this.#open.map(batch => ({ ...batch, sequence: this.#take(session, batch.values.length) }))
    return session
  }

  /**
   * A leader that does not know a producer takes whatever sequence comes first, as in Kafka. When it refuses the first batch, because too few are in sync,
   * and takes the second a moment later, the first is out of order for ever. And one that began its log behind deleted records takes again what was among
   * them, and what was acknowledged after that is missing for ever. As clients do, the producer goes on under another id; what may be stored under the old
   * one is not sent again.
   */
  #beginAnew(session: ProducerSession, undecided: ReadonlySet<OpenBatch>): void {
    this.sessions.splice(this.sessions.indexOf(session), 1)
    this.#open = this.#open.filter(each => !undecided.has(each))
    this.#current = undefined
  }

  /** The leader stored it behind a later one, which it does not have any more: it had never heard of this producer. */
  #isForgotten(
    { number }: OpenBatch,
    { baseOffset, logStartOffset }: { readonly baseOffset: number; readonly logStartOffset: number },
  ): boolean {
    return this.#newest.some(each => number < each.number && baseOffset > each.baseOffset && logStartOffset > each.baseOffset)
  }

  /**
   * A later one was taken behind it, so it is stored; but where it may lie, the leader's log has been deleted, and a leader that was a new replica then has
   * never seen it (in Kafka too). As librdkafka does, the producer counts it as stored.
   */
  #isDeleted({ number }: OpenBatch, logStartOffset: number): boolean {
    const before = this.#newest.findLast(each => each.number < number)
    return this.#newest.some(each => each.number > number) && logStartOffset > (before?.baseOffset ?? -1) + 1
  }

  #take(session: ProducerSession, records: number): number {
    const sequence = session.nextSequence
    session.nextSequence += records
    return sequence
  }

  get #mayWrite(): boolean {
    const [oldest] = this.#open
    return oldest === undefined || this.#batches - oldest.number < this.#inFlight
  }

  #write(): void {
    const { random } = this.#client
    for (let batches = 1 + random.below(3); batches > 0 && this.#mayWrite; batches--) {
      const values = Array.from({ length: 1 + random.below(3) }, () => `${this.name} ${this.#count++} ${'.'.repeat(random.below(300))}`)
      this.#open.push({
        number: this.#batches++,
        sequence: this.#current === undefined ? -1 : this.#take(this.#current, values.length),
        values,
      })
    }
  }

  async #flush(session: ProducerSession): Promise<void> {
    const leader = await this.#client.leader(this.#topic, this.#partition)
    const connection = await this.#client.connection(leader.brokerId)
    const history = this.#world.history.of(this.#topic, leader.topicId, this.#partition)
    const sent = [...this.#open]
    const answers = await Promise.allSettled(
      sent.map(({ sequence, values }) => {
        const timestamp = Math.floor(this.#client.elapsed)
        const records = buildBatch({
          records: values.map(value => ({ timestamp, key: null, value: Buffer.from(value) })),
          producerId: session.producerId,
          producerEpoch: 0,
          baseSequence: sequence,
        })
        const topicData = [{ name: this.#topic, partitionData: [{ index: this.#partition, records }] }]
        return connection.send(Produce, { acks: ALL, timeoutMs: 1000, topicData }, { timeoutMs: 2000 })
      }),
    )
    const answerOf = (index: number) => {
      const settled = answers[index]!
      return settled.status === 'fulfilled' ? settled.value.responses[0]!.partitionResponses[0]! : undefined
    }
    const stored = sent.flatMap(({ number }, index) => {
      const answer = answerOf(index)
      return answer?.errorCode === 0 ? [{ number, baseOffset: answer.baseOffset }] : []
    })
    this.#newest = [...this.#newest, ...stored].sort((one, other) => one.number - other.number).slice(-REMEMBERED)
    let isAheadKnown = true
    const wasKnown = this.#isKnown
    let hasGap = false
    const undecided = new Set<OpenBatch>()
    for (const [index, batch] of sent.entries()) {
      const answer = answerOf(index)
      const error = answer === undefined ? undefined : errorName(answer.errorCode)
      if (answer !== undefined && error === 'NONE') {
        history.noteAcknowledged({ baseOffset: answer.baseOffset, values: batch.values })
        this.acknowledged += batch.values.length
        this.#open = this.#open.filter(each => each !== batch)
        this.#isKnown = true
        hasGap ||= (!isAheadKnown && !wasKnown) || this.#isForgotten(batch, answer)
        continue
      }
      if (error === 'OUT_OF_ORDER_SEQUENCE_NUMBER' && this.#isDeleted(batch, answer!.logStartOffset)) {
        this.#open = this.#open.filter(each => each !== batch)
        continue
      }
      if (error !== 'NOT_ENOUGH_REPLICAS') undecided.add(batch)
      if (error !== undefined && !isRetriable(error)) {
        const followsGap = error === 'OUT_OF_ORDER_SEQUENCE_NUMBER' && (!isAheadKnown || hasGap)
        if (!followsGap)
          throw new BrokenPromise(
            'idempotent producers are never refused',
            `${this.name} was refused with ${error} at sequence ${batch.sequence} of producer id ${session.producerId}, by broker ${leader.brokerId}`,
          )
      }
      isAheadKnown = false
    }
    if (hasGap) this.#beginAnew(session, undecided)
    if (!isAheadKnown) {
      this.#client.forgetLeader(this.#topic, this.#partition)
      await this.#client.rest(20 + this.#client.random.below(80))
    }
  }
}

/** A producer that nobody promises anything: its records may be lost, and so make the logs of brokers differ for a while. */
export async function producePlainly(world: ClientWorld, at: { name: string; topic: string; partition: number }): Promise<void> {
  const client = new SimulatedClient(world, at.name)
  let count = 0
  await untilOver(world, client, async () => {
    await client.rest(client.random.below(120))
    if (world.isDraining) return
    const value = `${at.name} ${count++} ${'-'.repeat(client.random.below(300))}`
    const records = buildBatch({ records: [{ timestamp: Math.floor(client.elapsed), key: null, value: Buffer.from(value) }] })
    try {
      const { brokerId } = await client.leader(at.topic, at.partition)
      const topicData = [{ name: at.topic, partitionData: [{ index: at.partition, records }] }]
      const { responses } = await client.ask(brokerId, Produce, { acks: LEADER, timeoutMs: 1000, topicData })
      if (responses[0]!.partitionResponses[0]!.errorCode !== 0) throw new NotNow('refused')
    } catch (error) {
      client.forgetLeader(at.topic, at.partition)
      throw error
    }
  })
}
