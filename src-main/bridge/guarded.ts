import { LOCAL_CLUSTER } from '../contract/common.ts'
import { effectOf } from '../contract/effects.ts'
import type { Contract, ServedContract } from '../contract/operations.ts'
import { withOperations } from './withOperations.ts'

/** Thrown when a change is asked of a cluster that may only be looked at. */
export class ReadOnly extends Error {
  readonly code = 'READ_ONLY'

  constructor(operation: string, clusterId: string) {
    super(`Trilog is in read-only mode for the cluster ${clusterId}, so ${operation} was refused and nothing was changed`)
    this.name = 'ReadOnly'
  }
}

/** The same services, which refuse whatever would change a cluster that is read-only at that moment, whoever asks. What was begun before goes on. */
export function guarded<C extends Contract>(
  contract: C,
  services: ServedContract<C>,
  isReadOnly: (clusterId: string) => boolean,
): ServedContract<C> {
  return withOperations(contract, services, ({ subject, name, kind }, serve) => {
    if (effectOf(subject, name) !== 'changes') return serve
    return (input, signal) => {
      const clusterId = changedBy(input)
      if (!isReadOnly(clusterId) || endsOnlyTheApp(subject, name, input)) return serve(input, signal)
      const refusal = new ReadOnly(`${subject}.${name}`, clusterId)
      return kind === 'call' ? Promise.reject(refusal) : failing(refusal)
    }
  })
}

/** Records may be read from one cluster and written to another, which is the one that changes. Brokers are stopped and killed on this machine only. */
function changedBy(input: unknown): string {
  const { toCluster, clusterId } = (input ?? {}) as { toCluster?: string; clusterId?: string }
  return toCluster ?? clusterId ?? LOCAL_CLUSTER
}

/** Whoever may not end Trilog in order would have to kill it, which is worse for its brokers. */
const endsOnlyTheApp = (subject: string, name: string, input: unknown) =>
  subject === 'cluster' && name === 'shutdown' && (input as { deleteData: boolean }).deleteData === false

async function* failing(refusal: ReadOnly): AsyncGenerator<never> {
  throw refusal
}
