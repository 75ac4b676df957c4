/** Thrown when a question names a cluster that is not known. */
export class UnknownCluster extends Error {
  readonly code = 'UNKNOWN_CLUSTER'

  constructor(clusterId: string) {
    super(`There is no cluster ${clusterId}.`)
    this.name = 'UnknownCluster'
  }
}
