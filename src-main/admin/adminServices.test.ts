import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Address } from '../env/env.ts'
import { ScriptedKafka } from '../simulation/kafka/scriptedKafka.ts'
import { type AdminServices, adminServices } from './adminServices.ts'

const clusterId = 'scripted'

let kafka: ScriptedKafka
let admin: AdminServices
let bootstrap: readonly Address[]

beforeEach(async () => {
  kafka = new ScriptedKafka()
  await kafka.world.settle(kafka.start())
  bootstrap = [kafka.addressOf(1)]
  admin = adminServices(kafka.world.env('client'), { bootstrapOf: id => (id === clusterId ? bootstrap : undefined) })
})
afterEach(async () => {
  await admin.close()
  kafka.world.close()
})

const list = () => kafka.world.settle(admin.topics.list({ clusterId }))

describe('the services of a host', () => {
  it('connect to nobody before they are asked', async () => {
    await kafka.world.run(1_000)
    expect(kafka.world.openConnections('client')).toBe(0)
    await list()
    expect(kafka.world.openConnections('client')).toBeGreaterThan(0)
  })

  it('go to where the cluster is now when it has moved', async () => {
    await list()
    bootstrap = [kafka.addressOf(2)]
    kafka.alive = [2]
    const before = kafka.asked.length
    await list()
    expect(new Set(kafka.asked.slice(before).map(({ broker }) => broker))).toEqual(new Set([2]))
    await kafka.world.run(100)
    expect(kafka.world.openConnections('broker1')).toBe(0)
  })

  it('know only the clusters they were told of', async () => {
    await expect(kafka.world.settle(admin.groups.list({ clusterId: 'other' }))).rejects.toMatchObject({ code: 'UNKNOWN_CLUSTER' })
  })

  it('end what is under way when they are closed, and answer nothing any more', async () => {
    kafka.world.freeze('broker1')
    const asked = admin.topics.list({ clusterId })
    await kafka.world.run(100)
    await admin.close()
    await expect(kafka.world.settle(asked, 100)).rejects.toMatchObject({ code: 'ECONNABORTED' })
    await expect(list()).rejects.toMatchObject({ code: 'UNKNOWN_CLUSTER' })
    await kafka.world.run(100)
    expect(kafka.world.openConnections('client')).toBe(0)
  })
})
