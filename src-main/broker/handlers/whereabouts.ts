import type { Address } from '../../env/env.ts'
import type { BrokerImage, MetadataImage } from '../../metadata/image.ts'

export interface NodeEndpoint {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/** Where a broker is reached on a listener; undefined when it is not there at all. */
export function endpointOf(broker: BrokerImage | undefined, listener: string): Address | undefined {
  return broker?.endpoints.find(each => each.name === listener)
}

/** The brokers that clients of that listener may be sent to. */
export function aliveEndpoints(image: MetadataImage, listener: string): NodeEndpoint[] {
  const nodes: NodeEndpoint[] = []
  for (const broker of image.unfencedBrokers()) {
    const endpoint = endpointOf(broker, listener)
    if (endpoint !== undefined) nodes.push({ nodeId: broker.brokerId, host: endpoint.host, port: endpoint.port, rack: broker.rack })
  }
  return nodes.sort((one, other) => one.nodeId - other.nodeId)
}

/** Who leads instead of us, gathered while an answer is put together: leaders per partition, and each leader's address once (KIP-951). */
export class NewLeaders {
  readonly #image: MetadataImage
  readonly #listener: string
  readonly #nodes = new Map<number, NodeEndpoint>()

  constructor(image: MetadataImage, listener: string) {
    this.#image = image
    this.#listener = listener
  }

  of(topic: string, partition: number): { leaderId: number; leaderEpoch: number } {
    const state = this.#image.topicsByName.get(topic)?.partitions[partition]
    if (state === undefined) return { leaderId: -1, leaderEpoch: -1 }
    const broker = this.#image.brokers.get(state.leader)
    const endpoint = endpointOf(broker, this.#listener)
    if (broker !== undefined && endpoint !== undefined) {
      this.#nodes.set(state.leader, { nodeId: state.leader, host: endpoint.host, port: endpoint.port, rack: broker.rack })
    }
    return { leaderId: state.leader, leaderEpoch: state.leaderEpoch }
  }

  get nodeEndpoints(): NodeEndpoint[] {
    return [...this.#nodes.values()]
  }
}
