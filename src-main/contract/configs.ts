import { z } from 'zod'

export const ConfigType = z.enum(['boolean', 'string', 'int', 'short', 'long', 'double', 'list', 'class', 'password', 'unknown'])
export type ConfigType = z.infer<typeof ConfigType>

/** One config of a topic or a broker. */
export const ConfigEntry = z.object({
  name: z.string(),
  /** Null for a sensitive one, whatever it is, and for one that has none. */
  value: z.string().nullable(),
  /** Nobody set it on this very thing. */
  isDefault: z.boolean(),
  /** Kafka's name of where the value comes from, such as DYNAMIC_TOPIC_CONFIG. */
  source: z.string(),
  isReadOnly: z.boolean(),
  isSensitive: z.boolean(),
  type: ConfigType,
  /** What stands behind it, the nearest first: the value of the first counts when the one in front is taken away. */
  fallbacks: z.array(z.object({ name: z.string(), value: z.string().nullable(), source: z.string() })),
  documentation: z.string().nullable(),
})
export type ConfigEntry = z.infer<typeof ConfigEntry>
