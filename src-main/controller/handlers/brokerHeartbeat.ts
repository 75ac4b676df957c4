import { BrokerHeartbeat } from '../../protocol/messages/brokerHeartbeat.ts'
import { handle } from './handle.ts'

export const brokerHeartbeat = handle(BrokerHeartbeat, (request, { controller }, { connectionId }) =>
  controller.heartbeat(request, connectionId),
)
