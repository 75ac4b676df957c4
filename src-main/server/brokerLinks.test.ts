import { describe, expect, it } from 'vitest'
import { encodeRequest } from '../protocol/header.ts'
import { ApiVersions } from '../protocol/messages/apiVersions.ts'
import { brokerLinks, faultsByLink } from './brokerLinks.ts'

const [client, peer] = [
  { host: '127.0.0.1', port: 19_093 },
  { host: '127.0.0.1', port: 19_096 },
]
const otherPeer = { host: '127.0.0.1', port: 19_095 }
const { linkTo, linkAt } = brokerLinks({ client })

/** The link of a connection that was accepted and whose first request came with this client id. */
function accepted(at: typeof client, clientId: string): string | undefined {
  const link = linkAt(at)
  return typeof link === 'function' ? link(Buffer.concat(encodeRequest(ApiVersions, 3, 1, clientId, {}))) : link
}

describe('a connection of broker 2', () => {
  const cut = { cut: true }
  const faults = faultsByLink([
    { to: { brokerId: 1, ...otherPeer }, out: cut },
    { to: 'clients', in: cut },
  ])

  it.each(['quorum-1', 'quorum-1-fetch', 'broker-1-heartbeat', 'broker-1-fetcher'])(
    'from broker 1 is known by its client id %s',
    clientId => {
      expect(faults.get(accepted(peer, clientId) ?? '')).toEqual({ out: cut })
    },
  )

  it('to broker 1 is known by the address', () => expect(faults.get(linkTo(otherPeer) ?? '')).toEqual({ out: cut }))

  it('from another broker or to one has no faults', () => {
    expect(faults.get(accepted(peer, 'quorum-11') ?? '')).toBeUndefined()
    expect(faults.get(linkTo(peer) ?? '')).toBeUndefined()
  })

  it.each(['broker-1-fetcher', 'kafkajs', ''])('at the port for clients is a client, whatever it calls itself (%s)', clientId => {
    expect(faults.get(accepted(client, clientId) ?? '')).toEqual({ in: cut })
  })

  it.each(['kcat', 'broker-one', 'x'.repeat(1_000)])('at the port for peers is a client when no broker calls itself %s', clientId => {
    expect(faults.get(accepted(peer, clientId) ?? '')).toEqual({ in: cut })
  })

  it('at the port for peers is a client when its first bytes are no request', () => {
    const link = linkAt(peer)
    expect(typeof link === 'function' && link(Buffer.from('GET'))).toBe('clients')
  })
})
