import { configResourceType } from '../../metadata/configResource.ts'
import { errorName } from '../../protocol/errors.ts'
import { IncrementalAlterConfigs } from '../../protocol/messages/incrementalAlterConfigs.ts'
import { NotNow, SimulatedClient, untilOver, type ClientWorld } from './simulatedClient.ts'

const SET = 0
const DELETE = 1
/** None of them deletes anything or lets fewer replicas be enough. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  'internal.segment.bytes': ['4096', '16384', '100000'],
  'retention.ms': ['604800000', '-1'],
  'max.message.bytes': ['1048588', '2000000'],
  'flush.messages': ['1', '1000'],
  'message.timestamp.type': ['CreateTime'],
}

/** Changes the configs of topics while they are written to. */
export async function changeConfigs(world: ClientWorld, topics: readonly string[]): Promise<void> {
  const client = new SimulatedClient(world, 'changer of configs')
  const { random } = client
  await untilOver(world, client, async () => {
    await client.pause(random.below(4000))
    if (world.isDraining) return
    const names = Object.keys(VALUES)
    const name = names[random.below(names.length)]!
    const values = VALUES[name]!
    const value = random.chance(0.2) ? null : values[random.below(values.length)]!
    const resourceName = topics[random.below(topics.length)]!
    const { responses } = await client.ask(client.anyBroker(), IncrementalAlterConfigs, {
      resources: [
        {
          resourceType: configResourceType.TOPIC,
          resourceName,
          configs: [{ name, configOperation: value === null ? DELETE : SET, value }],
        },
      ],
      validateOnly: false,
    })
    const error = errorName(responses[0]!.errorCode)
    if (error !== 'NONE') throw new NotNow(error)
    world.note(`${name} of ${resourceName} is ${value ?? 'as usual'}`)
  })
}
