import type { CommittedOffset, Offsets } from './groupTables.ts'

export interface FetchedTopic {
  readonly topic: string
  /** Undefined where nothing is committed. */
  readonly partitions: readonly { readonly partition: number; readonly committed: CommittedOffset | undefined }[]
}

/** The offsets of the partitions asked for, or all that the group has when `asked` is null. */
export function fetchOffsets(
  offsets: Offsets,
  asked: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null,
): readonly FetchedTopic[] {
  if (asked === null) {
    return [...offsets].map(([topic, partitions]) => ({
      topic,
      partitions: [...partitions].map(([partition, committed]) => ({ partition, committed })),
    }))
  }
  return asked.map(({ topic, partitions }) => {
    const known = offsets.get(topic)
    return { topic, partitions: partitions.map(partition => ({ partition, committed: known?.get(partition) })) }
  })
}
