import { errorCode } from '../../protocol/errors.ts'
import { AssignReplicasToDirs } from '../../protocol/messages/assignReplicasToDirs.ts'
import { decideDirectoryAssignments } from '../directories.ts'
import { handle } from './handle.ts'

export const assignReplicasToDirs = handle(AssignReplicasToDirs, (request, { controller }) =>
  controller.decide(
    state => decideDirectoryAssignments(state, request),
    error => ({ throttleTimeMs: 0, errorCode: errorCode(error), directories: [] }),
  ),
)
