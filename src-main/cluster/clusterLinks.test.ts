import { describe, expect, it } from 'vitest'
import { ClusterLinks } from './clusterLinks.ts'

const cut = { cut: true, delayMs: 0, drop: 0 }
const slow = { cut: false, delayMs: 100, drop: 0.1 }
const both = (a: number | 'clients', b: number | 'clients') => ({ a, b, oneWay: false })

describe('the links of a cluster of three', () => {
  it('are cut at both ends, so that a cut outlives the process at one of them', () => {
    const links = new ClusterLinks([1, 2, 3])
    links.set({ ...both(1, 2), fault: cut })
    expect(links.faultsOf(1)).toMatchObject([{ to: 2, out: { cut: true }, in: { cut: true } }])
    expect(links.faultsOf(2)).toMatchObject([{ to: 1, out: { cut: true }, in: { cut: true } }])
    expect(links.faultsOf(3)).toEqual([])
  })

  it('are slowed by who sends, and only there', () => {
    const links = new ClusterLinks([1, 2, 3])
    links.set({ a: 1, b: 2, oneWay: true, fault: slow })
    expect(links.faultsOf(1)).toEqual([{ to: 2, out: { cut: false, delayMs: 100, loss: 0.1 } }])
    expect(links.faultsOf(2)).toEqual([{ to: 1, in: { cut: false } }])
  })

  it('are slowed both ways by the broker, where clients are at the other end', () => {
    const links = new ClusterLinks([1, 2, 3])
    links.set({ ...both('clients', 3), fault: slow })
    const fault = { cut: false, delayMs: 100, loss: 0.1 }
    expect(links.faultsOf(3)).toEqual([{ to: 'clients', out: fault, in: fault }])
  })

  it('heal one way, both ways, or all together; what is done to one replaces what was done before', () => {
    const links = new ClusterLinks([1, 2, 3])
    links.set({ ...both(1, 2), fault: cut })
    links.set({ ...both(2, 1), fault: slow })
    links.set({ a: 1, b: 2, oneWay: true, fault: null })
    expect(links.inForce).toEqual([{ from: 2, to: 1, ...slow }])
    links.healAll()
    expect(links.inForce).toEqual([])
  })

  it('are refused where there are none', () => {
    const links = new ClusterLinks([1, 2, 3])
    expect(() => links.set({ ...both(1, 4), fault: cut })).toThrow('There is no broker 4; there are 1, 2, 3')
    expect(() => links.set({ ...both(2, 2), fault: cut })).toThrow('Broker 2 has no link to itself')
    expect(() => links.set({ ...both('clients', 'clients'), fault: cut })).toThrow('Clients have links to brokers only')
  })
})
