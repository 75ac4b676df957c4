import { errorCode, errorMessage } from '../../protocol/errors.ts'
import { DescribeCluster } from '../../protocol/messages/describeCluster.ts'
import { everyClusterOperation, NOT_ASKED } from './authorizedOperations.ts'
import { handle } from './handle.ts'
import { aliveEndpoints } from './whereabouts.ts'

const BROKERS = 1
const CONTROLLERS = 2

export const describeCluster = handle(DescribeCluster, (request, { metadata, clusterId, quorum, brokerId }, { listener }) => {
  const { endpointType } = request
  if (endpointType !== BROKERS) {
    const error = endpointType === CONTROLLERS ? 'MISMATCHED_ENDPOINT_TYPE' : 'UNSUPPORTED_ENDPOINT_TYPE'
    return { throttleTimeMs: 0, errorCode: errorCode(error), errorMessage: errorMessage(error), endpointType, clusterId, brokers: [] }
  }
  const brokers = aliveEndpoints(metadata(), listener).map(({ nodeId, host, port, rack }) => ({ brokerId: nodeId, host, port, rack }))
  const isAlive = (id: number | undefined) => brokers.some(each => each.brokerId === id)
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    endpointType,
    clusterId,
    controllerId: isAlive(quorum.leaderId) ? quorum.leaderId : isAlive(brokerId) ? brokerId : (brokers[0]?.brokerId ?? -1),
    brokers,
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? everyClusterOperation : NOT_ASKED,
  }
})
