import type { MetadataEntry, MetadataLogExtent } from '../../../src-main/contract/metadataLog.ts'

/** For tests: an entry of the metadata log. */
export function anEntry(given: Partial<MetadataEntry> = {}): MetadataEntry {
  return {
    offset: 0,
    epoch: 1,
    atMs: 1_700_000_000_000,
    type: 'TopicRecord',
    topic: null,
    partition: null,
    brokers: [],
    says: [{ kind: 'nothing', values: {} }],
    ...given,
  }
}

/** For tests: a log of so many entries. */
export function anExtent(entries: number, given: Partial<MetadataLogExtent> = {}): MetadataLogExtent {
  return {
    generation: 1,
    brokerId: 1,
    entries,
    firstOffset: entries === 0 ? null : 0,
    lastOffset: entries === 0 ? null : entries - 1,
    before: null,
    types: [{ type: 'TopicRecord', count: entries }],
    troubles: [],
    problem: null,
    ...given,
  }
}
