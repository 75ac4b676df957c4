import { z } from 'zod'
import { InCluster, Nothing } from './common.ts'
import { call, stream } from './operations.ts'

export const KnownCluster = z.object({
  clusterId: z.string(),
  name: z.string(),
  kind: z.enum(['local', 'remote']),
  bootstrapServers: z.string(),
})
export type KnownCluster = z.infer<typeof KnownCluster>

export const app = {
  info: call(z.object({}), z.object({ version: z.string(), host: z.enum(['desktop', 'web']), clusters: z.array(KnownCluster) })),
  /** The ids of the clusters that may only be looked at: at once, and again whenever they change, whoever changed them. */
  readOnly: stream(z.object({}), z.array(z.string())),
  /** Resolves when it is so, and will be after a restart. From then on the host refuses every change of a cluster that is read-only. */
  setReadOnly: call(InCluster.extend({ isReadOnly: z.boolean() }), Nothing),
}
