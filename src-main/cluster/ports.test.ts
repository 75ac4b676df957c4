import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NetworkError, type Network } from '../env/env.ts'
import { SimulatedProcesses } from '../simulation/simulatedProcesses.ts'
import { simulatedWorld, type World } from '../simulation/world.ts'
import { claimPorts, freePortsBehind, portsOf, requirePorts } from './ports.ts'

let world: World
beforeEach(() => (world = simulatedWorld(3)))
afterEach(() => world.close())

const env = () => ({ ...world.env('host'), processes: new SimulatedProcesses(world.env('host').clock) })
const claim = (brokers = 3) => world.settle(claimPorts(world.env('host'), '127.0.0.1', brokers))

it("a cluster's ports are its brokers' for clients, then those for each other", () => {
  expect(portsOf(19_092, 3)).toEqual([19_092, 19_093, 19_094, 19_095, 19_096, 19_097])
})

describe('a claim', () => {
  it('is of ports that are free, and of nobody else as long as it is held', async () => {
    const claims = []
    for (let count = 0; count < 100; count++) claims.push(await claim())
    expect(new Set(claims.map(each => each.firstPort)).size).toBe(100)
    await world.settle(requirePorts(env(), '127.0.0.1', portsOf(claims[0]!.firstPort, 3)))
  })

  it('passes over a block in which one port is taken', async () => {
    const { firstPort, release } = await claim()
    await world.settle(release())
    world = simulatedWorld(3)
    await world.settle(world.env('host').network.listen({ host: '127.0.0.1', port: firstPort + 5 }, connection => connection.destroy()))
    expect((await claim()).firstPort).not.toBe(firstPort)
  })

  it('gives up, with advice, where nothing is free', async () => {
    const network: Network = {
      ...world.env('host').network,
      listen: () => Promise.reject(new NetworkError('EADDRINUSE', 'taken')),
    }
    await expect(claimPorts({ network, random: world.random }, '127.0.0.1', 3)).rejects.toThrow('Found no 6 free ports in a row')
  })
})

describe('other ports', () => {
  it('end with the same digits and are all free', async () => {
    const { network } = world.env('host')
    await world.settle(network.listen({ host: '127.0.0.1', port: 19_197 }, connection => connection.destroy()))
    expect(await world.settle(freePortsBehind(network, '127.0.0.1', portsOf(19_092, 3)))).toEqual(portsOf(19_292, 3))
    expect(await world.settle(freePortsBehind(network, '127.0.0.1', portsOf(65_500, 3)))).toBe(undefined)
  })
})

describe('ports that are asked for', () => {
  it('and forbidden are not called used', async () => {
    const network: Network = { ...world.env('host').network, listen: () => Promise.reject(new NetworkError('EACCES', 'no')) }
    await expect(requirePorts({ ...env(), network }, '127.0.0.1', [80, 81])).rejects.toThrow(
      'Port 80 is one that this system does not give to ordinary users',
    )
  })

  it('fail for other reasons with those reasons', async () => {
    const network: Network = {
      ...world.env('host').network,
      listen: () => Promise.reject(new NetworkError('EADDRNOTAVAIL', 'no such address')),
    }
    await expect(requirePorts({ ...env(), network }, '127.0.0.1', [9092])).rejects.toThrow('no such address')
  })
})
