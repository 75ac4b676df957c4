import type { LocalBroker } from '../../src-main/contract/cluster.ts'

/** The process runs and the controller lets it serve. */
export const isServing = (broker: LocalBroker) => broker.state === 'running' && broker.isActive
