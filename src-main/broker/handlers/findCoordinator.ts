import { type ErrorName, errorCode, errorMessage } from '../../protocol/errors.ts'
import { FindCoordinator } from '../../protocol/messages/findCoordinator.ts'
import type { Call } from '../../wire/handler.ts'
import { OFFSETS_TOPIC } from '../coordinators/group/groupCoordinator.ts'
import { type BrokerParts, handle } from './handle.ts'
import { endpointOf } from './whereabouts.ts'

const GROUP = 0
const TRANSACTION = 1

interface Coordinator {
  readonly key: string
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

export const findCoordinator = handle(FindCoordinator, (request, parts, call) => {
  if (call.apiVersion >= 4) {
    return { throttleTimeMs: 0, coordinators: request.coordinatorKeys.map(key => locate(request.keyType, key, parts, call)) }
  }
  const { key: _, ...coordinator } = locate(request.keyType, request.key, parts, call)
  return { throttleTimeMs: 0, ...coordinator }
})

function locate(keyType: number, key: string, parts: BrokerParts, call: Call): Coordinator {
  // Not COORDINATOR_NOT_AVAILABLE, which would have a producer ask until its patience ends.
  if (keyType === TRANSACTION) return without(key, 'UNSUPPORTED_VERSION', 'Transactions are not offered by this cluster.')
  if (keyType !== GROUP) return without(key, 'INVALID_REQUEST', `There are no coordinators of type ${keyType}.`)
  if (!parts.allowed(call, 'describe', { type: 'group', name: key })) return without(key, 'GROUP_AUTHORIZATION_FAILED')
  const partition = parts.groups.partitionFor(key)
  if (partition === undefined) {
    parts.groups.ensureTopic()
    return without(key, 'COORDINATOR_NOT_AVAILABLE')
  }
  const image = parts.metadata()
  const leader = image.topicsByName.get(OFFSETS_TOPIC)?.partitions[partition]?.leader
  const broker = leader === undefined ? undefined : image.brokers.get(leader)
  const endpoint = broker === undefined || broker.fenced ? undefined : endpointOf(broker, call.listener)
  if (broker === undefined || endpoint === undefined) return without(key, 'COORDINATOR_NOT_AVAILABLE')
  return { key, errorCode: 0, errorMessage: null, nodeId: broker.brokerId, host: endpoint.host, port: endpoint.port }
}

function without(key: string, error: ErrorName, message = errorMessage(error)): Coordinator {
  return { key, errorCode: errorCode(error), errorMessage: message, nodeId: -1, host: '', port: -1 }
}
