import { UnregisterBroker } from '../../protocol/messages/unregisterBroker.ts'
import { handle } from './handle.ts'

export const unregisterBroker = handle(UnregisterBroker, (request, { controller }) => controller.unregister(request))
