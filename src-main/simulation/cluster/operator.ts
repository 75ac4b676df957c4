import { errorName } from '../../protocol/errors.ts'
import { AlterPartitionReassignments } from '../../protocol/messages/alterPartitionReassignments.ts'
import { DeleteRecords } from '../../protocol/messages/deleteRecords.ts'
import { ElectLeaders } from '../../protocol/messages/electLeaders.ts'
import { NotNow, SimulatedClient, untilOver, type ClientWorld } from './simulatedClient.ts'

const PREFERRED = 0

/** Moves the replicas of one topic about, two or three of them, calls moves off, elects preferred leaders, and deletes its oldest records. */
export async function operate(world: ClientWorld, at: { topic: string; partitions: number }): Promise<void> {
  const client = new SimulatedClient(world, `operator of ${at.topic}`)
  await untilOver(world, client, async () => {
    const { random } = client
    await client.pause(random.below(1500))
    if (world.isDraining) return
    const partition = random.below(at.partitions)
    switch (random.below(4)) {
      case 0:
        return deleteRecords(world, client, { topic: at.topic, partition })
      case 1: {
        const topicPartitions = [{ topic: at.topic, partitions: [partition] }]
        await client.ask(client.anyBroker(), ElectLeaders, { electionType: PREFERRED, topicPartitions, timeoutMs: 500 })
        return
      }
      default: {
        const ids = world.cluster.brokers.map(each => each.id)
        const drawn = [random.below(ids.length), random.below(ids.length), random.below(ids.length)].map(index => ids[index]!)
        const replicas = random.chance(0.1) ? null : [...new Set(drawn)]
        if (replicas !== null && replicas.length < 2) return
        await client.ask(client.anyBroker(), AlterPartitionReassignments, {
          timeoutMs: 500,
          topics: [{ name: at.topic, partitions: [{ partitionIndex: partition, replicas }] }],
        })
      }
    }
  })
}

async function deleteRecords(
  world: ClientWorld,
  client: SimulatedClient,
  { topic, partition }: { topic: string; partition: number },
): Promise<void> {
  const { brokerId, topicId } = await client.leader(topic, partition)
  const history = world.history.of(topic, topicId, partition)
  // Nothing is deleted that nobody was told of, so that what is deleted is known to be committed.
  const offset = client.random.below(Math.max(1, history.readEnd))
  history.noteDeletion(offset)
  const { topics } = await client.ask(brokerId, DeleteRecords, {
    topics: [{ name: topic, partitions: [{ partitionIndex: partition, offset }] }],
    timeoutMs: 1000,
  })
  const error = errorName(topics[0]!.partitions[0]!.errorCode)
  if (error === 'NONE') return
  client.forgetLeader(topic, partition)
  throw new NotNow(error)
}
