import { describe, expect, it } from 'vitest'
import { simulatedWorld } from '../../simulation/world.ts'
import { Throttle } from './throttle.ts'

const given = (bytesPerSecond?: number) => {
  const world = simulatedWorld(1)
  const { clock } = world.env('broker-1')
  return { world, throttle: new Throttle(clock, bytesPerSecond) }
}

describe('a throttle', () => {
  it('holds what is spent to so many bytes a second', async () => {
    const { world, throttle } = given(1_000_000)
    const from = world.elapsed
    for (let spent = 0; spent < 100; spent++) await world.settle(throttle.spend(20_000))
    expect(world.elapsed - from).toBeCloseTo(2_000, 0)
  })

  it('holds all who share it to that together', async () => {
    const { world, throttle } = given(1_000_000)
    const from = world.elapsed
    await world.settle(Promise.all(Array.from({ length: 10 }, () => throttle.spend(100_000))))
    expect(world.elapsed - from).toBeCloseTo(1_000, 0)
  })

  it('carries small debts on rather than sleep them off one by one', async () => {
    const { world, throttle } = given(1_000_000)
    const from = world.elapsed
    await world.settle(throttle.spend(1_000))
    expect(world.elapsed).toBe(from)
    await world.settle(throttle.spend(1_000))
    expect(world.elapsed - from).toBeCloseTo(2, 5)
  })

  it('saves nothing up while nothing is spent', async () => {
    const { world, throttle } = given(1_000_000)
    await world.run(10_000)
    const from = world.elapsed
    for (let spent = 0; spent < 10; spent++) await world.settle(throttle.spend(100_000))
    expect(world.elapsed - from).toBeCloseTo(1_000, 0)
  })

  it('gives the turn away, though there is no limit', async () => {
    const { world, throttle } = given()
    let isSpent = false
    const spent = throttle.spend(1e12).then(() => (isSpent = true))
    for (let count = 0; count < 10; count++) await Promise.resolve()
    expect(isSpent).toBe(false)
    await world.settle(spent)
  })
})
