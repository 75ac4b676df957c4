import { z } from 'zod'
import { BrokerId, InCluster } from './common.ts'
import { ConfigEntry } from './configs.ts'
import { call } from './operations.ts'

/** One folder in which a broker keeps logs. */
export const BrokerLogDir = z.object({
  path: z.string(),
  /** Kafka's name of what is wrong with it. */
  problem: z.string().nullable(),
  /** Of its volume; null where the broker is too old to say. */
  totalBytes: z.number().nullable(),
  usableBytes: z.number().nullable(),
  topics: z.array(z.object({ topic: z.string(), partitions: z.number().int(), sizeBytes: z.number() })),
})
export type BrokerLogDir = z.infer<typeof BrokerLogDir>

/** How many partitions a broker has, leads, and would lead if each were led by its preferred replica. */
export const BrokerShare = z.object({
  brokerId: BrokerId,
  replicas: z.number().int(),
  leaders: z.number().int(),
  preferred: z.number().int(),
})
export type BrokerShare = z.infer<typeof BrokerShare>

/** A broker of any cluster. What it does not say, or does not say in time, is null. */
export const BrokerDetail = z.object({
  brokerId: BrokerId,
  host: z.string().nullable(),
  port: z.number().int().nullable(),
  isController: z.boolean(),
  configs: z.array(ConfigEntry).nullable(),
  logDirs: z.array(BrokerLogDir).nullable(),
  /** Of every broker that is alive or has replicas. */
  shares: z.array(BrokerShare),
})
export type BrokerDetail = z.infer<typeof BrokerDetail>

export const brokers = {
  describe: call(InCluster.extend({ brokerId: BrokerId }), BrokerDetail),
  /** The names of the APIs that the cluster offers and Trilog speaks. */
  offered: call(InCluster, z.array(z.string())),
}
