import type { MetadataImage } from '../metadata/image.ts'
import { refusal, type Refusal, repeated } from './decision.ts'

/** Why no partition with so many replicas can be placed by us. */
export function placementProblem(image: MetadataImage, replicationFactor: number): Refusal | undefined {
  const registered = image.brokers.size
  if (replicationFactor > registered) {
    return refusal(
      'INVALID_REPLICATION_FACTOR',
      `The replication factor ${replicationFactor} is larger than the number of registered brokers, which is ${registered}.`,
    )
  }
  const isAnyActive = [...image.brokers.keys()].some(brokerId => image.isActive(brokerId))
  return isAnyActive ? undefined : refusal('INVALID_REPLICATION_FACTOR', 'All brokers are fenced or shutting down.')
}

/** Why replicas that somebody chose for a new partition cannot be its replicas: as for others, and somebody has to lead it. */
export function newAssignmentProblem(
  image: MetadataImage,
  replicas: readonly number[],
  replicationFactor: number | undefined,
): Refusal | undefined {
  const problem = assignmentProblem(image, replicas)
  if (problem !== undefined) return problem
  const no = (message: string) => refusal('INVALID_REPLICA_ASSIGNMENT', message)
  if (replicationFactor !== undefined && replicas.length !== replicationFactor) {
    return no(`A partition is assigned to ${replicas.length} brokers, another one to ${replicationFactor}.`)
  }
  if (!replicas.some(replica => image.isActive(replica))) return no('All brokers of a partition are fenced or shutting down.')
  return undefined
}

/** Why replicas that somebody chose for a partition cannot be its replicas. They may be away. */
export function assignmentProblem(image: MetadataImage, replicas: readonly number[]): Refusal | undefined {
  const no = (message: string) => refusal('INVALID_REPLICA_ASSIGNMENT', message)
  if (replicas.length === 0) return no('A partition is assigned to no broker.')
  if (repeated(replicas).size > 0) return no('A partition is assigned to a broker twice.')
  const stranger = replicas.find(replica => !image.brokers.has(replica))
  if (stranger !== undefined) return no(`Broker ${stranger} is not registered.`)
  return undefined
}
