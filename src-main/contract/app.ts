import { z } from 'zod'
import { call } from './operations.ts'

export const KnownCluster = z.object({
  clusterId: z.string(),
  name: z.string(),
  kind: z.enum(['local', 'remote']),
  bootstrapServers: z.string(),
})
export type KnownCluster = z.infer<typeof KnownCluster>

export const app = {
  info: call(z.object({}), z.object({ version: z.string(), host: z.enum(['desktop', 'web']), clusters: z.array(KnownCluster) })),
}
