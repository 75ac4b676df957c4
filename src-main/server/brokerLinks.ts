import type { Address } from '../env/env.ts'
import type { FaultyNetworkOptions } from '../env/faults/faultyNetwork.ts'
import type { FaultyLink } from '../env/faults/linkFaults.ts'
import { MalformedMessage } from '../protocol/byteReader.ts'
import { decodeRequestHeader } from '../protocol/header.ts'
import type { ServerConfig } from './config.ts'
import type { BrokerLinkFaults } from './control.ts'

const CLIENTS = 'clients'
const FRAME_SIZE_BYTES = 4
/** Longer than any of our client ids; what a stranger has beyond is of no interest. */
const HEADER_BYTES = 256

/**
 * Which link each connection of a broker belongs to. One that we make leads to the broker that listens there. One that we accept tells by its first
 * request: brokers name themselves in their client ids (`broker-2-fetcher`, `quorum-2`), and everybody else is a client.
 */
export function brokerLinks({ client }: Pick<ServerConfig, 'client'>): Pick<FaultyNetworkOptions, 'linkTo' | 'linkAt'> {
  return {
    linkTo: addressName,
    linkAt: at => (addressName(at) === addressName(client) ? CLIENTS : linkOfFirst),
  }
}

/** The same faults by the names of `brokerLinks`. */
export function faultsByLink(links: readonly BrokerLinkFaults[]): Map<string, FaultyLink> {
  return new Map(
    links.flatMap(({ to, ...faulty }) =>
      (to === 'clients' ? [CLIENTS] : [brokerName(to.brokerId), addressName(to)]).map(name => [name, faulty]),
    ),
  )
}

function linkOfFirst(first: Buffer): string {
  try {
    const { clientId } = decodeRequestHeader(first.subarray(FRAME_SIZE_BYTES, HEADER_BYTES)).header
    const brokerId = /^(?:broker|quorum)-(\d+)(?:-|$)/.exec(clientId)?.[1]
    return brokerId === undefined ? CLIENTS : brokerName(Number(brokerId))
  } catch (problem) {
    if (!(problem instanceof MalformedMessage)) throw problem
    return CLIENTS
  }
}

const brokerName = (brokerId: number) => `broker ${brokerId}`
const addressName = ({ host, port }: Address) => `${host}:${port}`
