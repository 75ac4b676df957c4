import { z } from 'zod'

/** Which cluster a question is about. The local one is always `local`. */
export const LOCAL_CLUSTER = 'local'
export const InCluster = z.object({ clusterId: z.string().min(1) })

export const BrokerId = z.number().int().min(0)
export const Offset = z.number().int()
export const TimestampMs = z.number().int()
export const TopicName = z
  .string()
  .min(1)
  .max(249)
  .regex(/^[a-zA-Z0-9._-]+$/)
export const Nothing = z.void()
