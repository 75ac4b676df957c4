import type { ConfigChange, ConfigProblem } from '../contract/topics.ts'
import { errorName, isRetriable } from '../protocol/errors.ts'
import { IncrementalAlterConfigs } from '../protocol/messages/incrementalAlterConfigs.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { KafkaError } from './kafkaError.ts'

const TOPIC = 2
const SET = 0
const DELETE = 1

/**
 * What the cluster would refuse of these changes. It answers for a topic as a whole, so that after a refusal each change is asked for by itself, to
 * find the one that is meant.
 */
export async function checkTopicConfigs(client: KafkaClient, topic: string, changes: readonly ConfigChange[]): Promise<ConfigProblem[]> {
  const refusal = await refusalOf(client, topic, changes, true)
  if (refusal === undefined) return []
  const each = await Promise.all(changes.map(change => refusalOf(client, topic, [change], true)))
  const found = changes.flatMap(({ name }, index) => {
    const problem = each[index]
    return problem === undefined ? [] : [{ name, message: problem.message }]
  })
  return found.length > 0 ? found : [{ name: null, message: refusal.message }]
}

/** Makes all of them, or throws and makes none. Values are set or taken away one by one, so that nobody else's change is undone (KIP-339). */
export async function alterTopicConfigs(client: KafkaClient, topic: string, changes: readonly ConfigChange[]): Promise<void> {
  const refusal = await refusalOf(client, topic, changes, false)
  if (refusal !== undefined) throw refusal
}

async function refusalOf(
  client: KafkaClient,
  topic: string,
  changes: readonly ConfigChange[],
  validateOnly: boolean,
): Promise<KafkaError | undefined> {
  const configs = changes.map(({ name, value }) => ({ name, configOperation: value === null ? DELETE : SET, value }))
  const request = { resources: [{ resourceType: TOPIC, resourceName: topic, configs }], validateOnly }
  return client.retrying(async () => {
    const { responses } = await client.controller(IncrementalAlterConfigs, () => request)
    for (const { errorCode, errorMessage } of responses) {
      const error = errorName(errorCode)
      if (error === 'NONE') continue
      const refusal = new KafkaError(error, errorMessage)
      if (isRetriable(error)) throw refusal
      return refusal
    }
    return undefined
  })
}
