import { IncrementalAlterConfigs } from '../../protocol/messages/incrementalAlterConfigs.ts'
import { configsReach, deniedWith, failedToAlter, isSame, mayAlter } from './alterConfigs.ts'
import { forward } from './forward.ts'
import { handle } from './handle.ts'

const SET = 0
const DELETE = 1

export const incrementalAlterConfigs = handle(IncrementalAlterConfigs, async (request, parts, call) => {
  const resources = request.resources.filter(each => mayAlter(each, parts, call))
  const { validateOnly } = request
  const response = await forward(
    parts,
    IncrementalAlterConfigs,
    { resources, validateOnly },
    {
      timeoutMs: parts.config.requestTimeoutMs,
      unreachable: () => ({ throttleTimeMs: 0, responses: resources.map(each => failedToAlter(each, 'REQUEST_TIMED_OUT')) }),
    },
  )
  const done = validateOnly
    ? []
    : resources.filter(each => response.responses.some(answered => answered.errorCode === 0 && isSame(answered, each)))
  await configsReach(
    parts,
    done.map(({ resourceType, resourceName, configs }) => ({
      resourceType,
      resourceName,
      // What a list comes to by adding to it or taking from it only the controller knows.
      values: configs.flatMap(({ name, configOperation, value }) =>
        configOperation === SET ? [{ name, value }] : configOperation === DELETE ? [{ name, value: null }] : [],
      ),
    })),
  )
  const denied = request.resources.filter(each => !mayAlter(each, parts, call)).map(each => failedToAlter(each, deniedWith(each)))
  return { throttleTimeMs: 0, responses: [...response.responses, ...denied] }
})
