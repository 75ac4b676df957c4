import { errorCode } from '../../protocol/errors.ts'
import { AlterPartition } from '../../protocol/messages/alterPartition.ts'
import { decideIsr } from '../isr.ts'
import { handle } from './handle.ts'

export const alterPartition = handle(AlterPartition, (request, { controller }) =>
  controller.decide(
    state => decideIsr(state, request),
    error => ({ throttleTimeMs: 0, errorCode: errorCode(error), topics: [] }),
  ),
)
