import type { LocationQuery, LocationQueryRaw } from 'vue-router'

/** What a link to this screen says: which partition, on whose disk, and where in it. */
export interface SegmentLink {
  readonly partition: number
  readonly brokerId: number | null
  readonly file: string | null
  readonly offset: number | null
}

/** What is no sensible part of a link is left out: links are typed by hand, and cut by mail programs. */
export function linkOf(query: LocationQuery): SegmentLink {
  const number = (name: string, digits: number) => {
    const text = query[name]
    return typeof text === 'string' && new RegExp(`^\\d{1,${digits}}$`).test(text) ? Number(text) : null
  }
  const file = query['file']
  return {
    partition: number('partition', 9) ?? 0,
    brokerId: number('broker', 9),
    file: typeof file === 'string' && /^[\w.-]{1,100}$/.test(file) ? file : null,
    offset: number('offset', 15),
  }
}

/** The same the other way. */
export function queryOfLink({ partition, brokerId, file, offset }: SegmentLink): LocationQueryRaw {
  return {
    partition: String(partition),
    ...(brokerId === null ? {} : { broker: String(brokerId) }),
    // The offset leads to its log by itself.
    ...(offset !== null ? { offset: String(offset) } : file === null ? {} : { file }),
  }
}
