import { z } from 'zod'
import { BrokerId, InCluster, Nothing, TimestampMs } from './common.ts'
import { call, stream } from './operations.ts'

export const KnownCluster = z.object({
  clusterId: z.string(),
  name: z.string(),
  kind: z.enum(['local', 'remote']),
  bootstrapServers: z.string(),
})
export type KnownCluster = z.infer<typeof KnownCluster>

/** A program on this machine that has what the cluster needs. */
export const OtherProgram = z.object({ pid: z.number().int(), command: z.string(), commandLine: z.string() })

/** Why there is no cluster behind the page, and what could be done about it. */
export const StartFailure = z.object({
  /** In the host's words, without a full stop. */
  message: z.string(),
  directory: z.string(),
  /** A port that cannot be had, and whose it would be. */
  port: z
    .object({
      port: z.number().int(),
      brokerId: BrokerId,
      holder: OtherProgram.nullable(),
      /** The first and the last port for clients, where all that are needed are free. */
      instead: z.object({ first: z.number().int(), last: z.number().int() }).nullable(),
    })
    .nullable(),
  /** What was tried, the oldest first. */
  lines: z.array(z.object({ atMs: TimestampMs, message: z.string(), isCause: z.boolean() })),
})
export type StartFailure = z.infer<typeof StartFailure>

export const app = {
  info: call(z.object({}), z.object({ version: z.string(), host: z.enum(['desktop', 'web']), clusters: z.array(KnownCluster) })),
  /** Null when the cluster was started, whatever became of its brokers since. */
  startFailure: call(z.object({}), StartFailure.nullable()),
  /** Tries again, on this port when one is named. Null when it went well, and then this page is to be loaded anew; harmless when the cluster is there. */
  startAgain: call(z.object({ port: z.number().int().nullable() }), StartFailure.nullable()),
  /** The ids of the clusters that may only be looked at: at once, and again whenever they change, whoever changed them. */
  readOnly: stream(z.object({}), z.array(z.string())),
  /** Resolves when it is so, and will be after a restart. From then on the host refuses every change of a cluster that is read-only. */
  setReadOnly: call(InCluster.extend({ isReadOnly: z.boolean() }), Nothing),
}
