import { describe, expect, it } from 'vitest'
import { SimulatedControllers } from '../simulation/controllers/simulatedControllers.ts'

const seeds = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

async function clusterOf3(seed: number): Promise<SimulatedControllers> {
  const cluster = new SimulatedControllers(3, { seed })
  await cluster.startAll()
  return cluster
}

describe('three controllers', () => {
  it.each(seeds(20))('have three brokers unfenced within 1.5 seconds (seed %i)', async seed => {
    const cluster = await clusterOf3(seed)
    await cluster.world.run(() => cluster.isWhole, 1_500)
    cluster.world.close()
  })

  it.each(seeds(20))('give every partition of a killed controller another leader within a second (seed %i)', async seed => {
    const cluster = await clusterOf3(seed)
    await cluster.world.run(() => cluster.isWhole)
    cluster.createTopic(1)
    await cluster.world.run(() => cluster.created.size === 1 && cluster.isWhole)
    cluster.crash(cluster.active!.id)
    await cluster.world.run(() => cluster.isWhole, 1_000)
    cluster.world.close()
  })

  it.each(seeds(10))('lead from no log folder that failed within a second, and use it again after a restart (seed %i)', async seed => {
    const cluster = await clusterOf3(seed)
    await cluster.world.run(() => cluster.isWhole)
    cluster.createTopic(1)
    await cluster.world.run(() => cluster.created.size === 1 && cluster.isWhole)
    const { id } = cluster.active!
    cluster.failFolder(id)
    await cluster.world.run(() => cluster.isWhole, 1_000)
    cluster.createTopic(1)
    await cluster.world.run(() => cluster.created.size === 2 && cluster.isWhole)
    cluster.crash(id)
    await cluster.start(id)
    await cluster.world.run(() => cluster.isWhole)
    expect(cluster.damaged).toEqual([])
    cluster.world.close()
  })

  it.each(seeds(10))('take a broker back that was killed and started at once (seed %i)', async seed => {
    const cluster = await clusterOf3(seed)
    await cluster.world.run(() => cluster.isWhole)
    cluster.createTopic(1)
    await cluster.world.run(() => cluster.created.size === 1 && cluster.isWhole)
    const follower = cluster.nodes.find(node => node !== cluster.active)!
    cluster.crash(follower.id)
    await cluster.start(follower.id)
    await cluster.world.run(() => cluster.isWhole, 1_500)
    cluster.world.close()
  })

  it.each(seeds(10))('are whole again within 1.5 seconds when all were killed (seed %i)', async seed => {
    const cluster = await clusterOf3(seed)
    await cluster.world.run(() => cluster.isWhole)
    cluster.createTopic(1)
    await cluster.world.run(() => cluster.created.size === 1 && cluster.isWhole)
    for (const { id } of cluster.nodes) cluster.crash(id)
    await cluster.startAll()
    await cluster.world.run(() => cluster.isWhole, 1_500)
    cluster.world.close()
  })

  it.each(seeds(10))('keep who was stopped in good order eligible to lead (seed %i)', async seed => {
    const cluster = await clusterOf3(seed)
    await cluster.world.run(() => cluster.isWhole)
    cluster.createTopic(1)
    await cluster.world.run(() => cluster.created.size === 1 && cluster.isWhole)
    const [first, second] = cluster.nodes.filter(node => node !== cluster.active).map(({ id }) => id) as [number, number]
    const stopped = (id: number) => cluster.world.run(() => cluster.nodes[id - 1]!.process === undefined)
    cluster.stop(first)
    await stopped(first)
    cluster.stop(second)
    await stopped(second)
    const { image } = cluster.active!.process!
    for (const { elr } of [...image.topicsById.values()].flatMap(({ partitions }) => partitions)) expect(elr).toEqual([second])
    await cluster.startAll()
    await cluster.world.run(() => cluster.isWhole)
    cluster.world.close()
  })

  it.each(seeds(60))(
    'keep what they confirmed through crashes, stops, cuts, failing disks and changes of all kinds, and are whole again when these end (seed %i)',
    async seed => {
      const cluster = await clusterOf3(seed)
      const { world } = cluster
      const anyNode = () => 1 + world.random.below(3)
      for (let round = 0; round < 12; round++) {
        await world.run(100 + world.random.below(900))
        cluster.createTopic(anyNode(), 1 + world.random.below(3))
        cluster.allocateProducerIds(anyNode())
        for (let changes = world.random.below(4); changes > 0; changes--) cluster.administer(anyNode())
        const victim = anyNode()
        switch (world.random.below(7)) {
          case 0:
            cluster.crash(victim, { loseUnsynced: world.random.below(2) === 0, silently: world.random.below(3) === 0 })
            break
          case 1:
            world.isolate(`node-${victim}`)
            break
          case 2:
            world.breakConnections('node-1', 'node-2')
            break
          case 3:
            world.heal()
            break
          case 4:
            cluster.failFolder(victim)
            break
          case 5:
            cluster.stop(victim)
            break
          case 6:
            break
        }
        if (world.random.below(2) === 0) await cluster.start(anyNode())
      }
      world.heal()
      // Whoever is stopping may only now be able to.
      await world.run(5_000)
      // Whoever has a folder that failed has to be started again: the last in-sync replica may be there.
      for (const id of cluster.damaged) cluster.crash(id)
      await cluster.startAll()
      await world.run(() => cluster.isWhole)
      const { topicsByName, quotas, scramCredentials } = cluster.nodes[0]!.process!.image
      for (const name of cluster.created) expect([...topicsByName.keys()]).toContain(name)
      for (const name of cluster.confirmed.deleted) expect([...topicsByName.keys()]).not.toContain(name)
      const users = [...scramCredentials.values()].map(({ name }) => name)
      for (const user of cluster.confirmed.withCredential) expect(users).toContain(user)
      for (const user of cluster.confirmed.withQuota)
        expect([...quotas.values()].map(({ entity }) => entity[0]?.entityName)).toContain(user)
      world.close()
    },
  )
})
