import { BrokerRegistration } from '../../protocol/messages/brokerRegistration.ts'
import { handle } from './handle.ts'

export const brokerRegistration = handle(BrokerRegistration, (request, { controller }, { connectionId }) =>
  controller.register(request, connectionId),
)
