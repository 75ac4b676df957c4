import { networkFor } from '../connections/connectionProfile.ts'
import type { brokers } from '../contract/brokers.ts'
import type { groups } from '../contract/groups.ts'
import type { messages } from '../contract/messages.ts'
import type { Served } from '../contract/operations.ts'
import type { topics } from '../contract/topics.ts'
import type { Address, Env } from '../env/env.ts'
import { brokerServices } from './brokers.ts'
import { ClusterSession } from './clusterSession.ts'
import { groupServices } from './groups.ts'
import { messageServices } from './messages.ts'
import { topicServices } from './topics.ts'

export interface AdminServices {
  readonly topics: Served<typeof topics>
  readonly messages: Served<typeof messages>
  readonly groups: Served<typeof groups>
  readonly brokers: Served<typeof brokers>
  /** What is under way fails; connections end. */
  close(): Promise<void>
}

export interface AdminServicesOptions {
  /** Where to ask first in that cluster; undefined when there is none of that name. May change over time. */
  bootstrapOf(clusterId: string): readonly Address[] | undefined
}

/** Thrown when a question names a cluster that is not known. */
export class UnknownCluster extends Error {
  readonly code = 'UNKNOWN_CLUSTER'

  constructor(clusterId: string) {
    super(`There is no cluster ${clusterId}.`)
    this.name = 'UnknownCluster'
  }
}

/** What a person does to any cluster. Nothing is connected before it is asked for. */
export function adminServices(env: Pick<Env, 'clock' | 'random' | 'network'>, { bootstrapOf }: AdminServicesOptions): AdminServices {
  const sessions = new Map<string, { readonly addresses: string; readonly session: ClusterSession }>()
  let isClosed = false

  function sessionOf(clusterId: string): ClusterSession {
    const bootstrapServers = isClosed ? undefined : bootstrapOf(clusterId)
    if (bootstrapServers === undefined) throw new UnknownCluster(clusterId)
    const addresses = bootstrapServers.map(({ host, port }) => `${host}:${port}`).join()
    const known = sessions.get(clusterId)
    if (known?.addresses === addresses) return known.session
    known?.session.close()
    const network = networkFor({ bootstrapServers }, env)
    const session = new ClusterSession({ clock: env.clock, random: env.random, network }, { bootstrapServers })
    sessions.set(clusterId, { addresses, session })
    return session
  }

  const clientOf = (clusterId: string) => sessionOf(clusterId).client
  return {
    topics: topicServices(clientOf),
    messages: messageServices(sessionOf),
    groups: groupServices(clientOf),
    brokers: brokerServices(clientOf),
    close: async () => {
      isClosed = true
      for (const { session } of sessions.values()) session.close()
      sessions.clear()
    },
  }
}
