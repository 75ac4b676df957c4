import { expect, it } from 'vitest'
import { AClient } from './aClient.ts'
import { SimulatedCluster } from './simulatedCluster.ts'

it('disks may be destroyed one after the other, as soon as the one before serves again', async () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const cluster = new SimulatedCluster({ seed })
    const { world, brokers } = cluster
    await world.settle(cluster.start())
    for (const { id, name } of brokers) {
      cluster.kill(id)
      cluster.wipe(id)
      // What it asks the others first is lost on the way, and what it asks them next waits behind that.
      world.isolate(name)
      const serves = cluster.startBroker(id)
      await world.run(400)
      world.heal()
      await world.settle(serves, 20_000)
      expect(cluster.broker(id).server!.quorum.standing).toBe('voter')
    }
    expect((await new AClient(cluster).createTopic('orders')).error).toBe('NONE')
    cluster.close()
  }
})
