import type { BufferPool } from '../../base/bufferPool.ts'
import type { Logger } from '../../base/logger.ts'
import type { Address, Connection, Env, Listener } from '../../env/env.ts'
import type { BoundHandler } from '../../wire/handler.ts'
import { byApiKey } from '../../wire/handler.ts'
import { OverlapBudget } from '../../wire/overlapBudget.ts'
import { type ServedConnection, serve, type WireStats } from '../../wire/serve.ts'
import type { BrokerConfig } from '../brokerConfig.ts'

export interface BrokerListenerOptions {
  /** Kafka's name of the listener: PLAINTEXT, CONTROLLER. */
  readonly name: string
  readonly at: Address
  readonly handlers: readonly BoundHandler[]
  readonly config: Pick<BrokerConfig, 'socketRequestMaxBytes' | 'maxPendingResponseBytes' | 'maxConnections'>
  /** Connections that ask nothing for so long are closed. */
  readonly idleTimeoutMs: number
  readonly logger: Logger
  /** Shared by the listeners of a process. */
  readonly stats?: WireStats
  /** For large requests. */
  readonly memory?: BufferPool
  readonly onConnectionClosed?: (connectionId: number) => void
}

/** One address on which a broker answers: accepts connections up to a bound, and serves each of them. */
export class BrokerListener {
  readonly #listener: Listener
  readonly #connections: Set<ServedConnection>

  private constructor(listener: Listener, connections: Set<ServedConnection>) {
    this.#listener = listener
    this.#connections = connections
  }

  /** Rejects with `NetworkError` when the port is taken. */
  static async open(env: Pick<Env, 'clock' | 'network'>, options: BrokerListenerOptions): Promise<BrokerListener> {
    const { name, config, idleTimeoutMs, logger, stats, memory, onConnectionClosed } = options
    const handlers = byApiKey(options.handlers)
    const connections = new Set<ServedConnection>()
    const overlap = new OverlapBudget()
    const listener = await env.network.listen(options.at, connection => {
      if (connections.size >= config.maxConnections) return refuse(connection, name, logger)
      const served = serve(env, connection, {
        listener: name,
        handlers,
        maxRequestBytes: config.socketRequestMaxBytes,
        maxPendingResponseBytes: config.maxPendingResponseBytes,
        idleTimeoutMs,
        overlap,
        log: logger,
        onClose: closed => {
          connections.delete(closed)
          onConnectionClosed?.(closed.id)
        },
        ...(stats !== undefined && { stats }),
        ...(memory !== undefined && { memory }),
      })
      connections.add(served)
    })
    return new BrokerListener(listener, connections)
  }

  get address(): Address {
    return this.#listener.address
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** Accepts no more, and ends the connections that are there. */
  async close(): Promise<void> {
    const closed = this.#listener.close()
    for (const connection of [...this.#connections]) connection.close()
    await closed
  }
}

function refuse(connection: Connection, listener: string, logger: Logger): void {
  logger.warn('too many connections: one more is refused', { listener, remote: `${connection.remote.host}:${connection.remote.port}` })
  connection.onData(() => {})
  connection.onClose(() => {})
  connection.destroy()
}
