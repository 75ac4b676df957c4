import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { AuditEntry } from '../contract/audit.ts'
import { contract as wholeContract } from '../contract/contract.ts'
import { effectOf } from '../contract/effects.ts'
import { call, stream } from '../contract/operations.ts'
import { audited } from './audited.ts'

// Subjects and operations that exist, so that it is known which of them change something; what they take and give is the test's.
const contract = {
  topics: { list: call(z.any(), z.any()), create: call(z.any(), z.any()), clone: stream(z.any(), z.any()) },
  messages: { produce: call(z.any(), z.any()) },
}
const clock = { now: () => 1_000, elapsed: () => 5 }

const NO_PROGRESS = {
  records: 0,
  bytes: 0,
  acknowledged: 0,
  perhaps: 0,
  leftOut: 0,
  badLines: [],
  undecided: 0,
  firstUndecided: null,
  missing: 0,
  firstMissing: [],
  done: null,
  elapsedMs: 0,
}

function given(services: { create?: () => Promise<unknown>; clone?: () => AsyncIterable<unknown> } = {}) {
  const entries: AuditEntry[] = []
  async function* twice() {
    yield 1
    yield 2
  }
  const served = audited(
    contract,
    {
      topics: { list: async () => [], create: services.create ?? (async () => undefined), clone: services.clone ?? twice },
      messages: { produce: async () => ({ partition: 0 }) },
    },
    clock,
    entry => entries.push(entry),
  )
  return { served, entries }
}

describe('the audit log', () => {
  it('has a line for each change, with names and numbers, and none for a look', async () => {
    const { served, entries } = given()
    await served.topics.list({ clusterId: 'local' })
    await served.topics.create({ clusterId: 'local', name: 'orders', partitions: 3, configs: { 'retention.ms': '1000' } })
    expect(entries).toEqual([
      {
        atMs: 1_000,
        tookMs: 0,
        clusterId: 'local',
        operation: 'topics.create',
        about: { name: 'orders', partitions: 3, configs: 'retention.ms' },
        outcome: 'done',
        problem: null,
      },
    ])
  })

  it('has nothing of what a record or a secret holds', async () => {
    const { served, entries } = given()
    await served.messages.produce({
      clusterId: 'local',
      topic: 'orders',
      key: Buffer.from('hush'),
      value: Buffer.from('hush'),
      password: 'hush',
      headers: [{ key: 'hush', value: null }],
      patterns: ['hush'],
    })
    expect(entries[0]?.about).toEqual({ topic: 'orders', headers: 1, patterns: 1 })
    expect(JSON.stringify(entries)).not.toContain('hush')
  })

  it('names partitions with their topic', async () => {
    const { served, entries } = given()
    const partitions = [0, 1].map(partition => ({ topic: 'orders', partition, replicas: [1, 2] }))
    await served.topics.create({ clusterId: 'local', partitions })
    expect(entries[0]?.about).toEqual({ partitions: 'orders-0, orders-1' })
  })

  it('says of a list whom and what it names', async () => {
    const { served, entries } = given()
    await served.topics.create({
      bindings: [{ principal: 'User:alice', operation: 'READ', resourceName: 'orders', note: 'hush' }],
      entity: [{ entityType: 'user', entityName: null }],
      changes: [{ name: 'producer_byte_rate', value: 1_024 }],
      partitions: [{ partition: 3, offset: 9 }],
    })
    expect(entries[0]?.about).toEqual({
      bindings: 'User:alice READ orders',
      entity: 'user <default>',
      changes: 'producer_byte_rate',
      partitions: '3',
    })
  })

  it('says why a change failed', async () => {
    const { served, entries } = given({ create: () => Promise.reject(new Error('No broker answers.')) })
    await expect(served.topics.create({})).rejects.toThrow('No broker answers.')
    expect(entries[0]).toMatchObject({ outcome: 'failed', problem: 'No broker answers.' })
  })

  it('has what a run says of itself: how many records it stored, and that it was stopped in order', async () => {
    const progress = { ...NO_PROGRESS, acknowledged: 1_200, perhaps: 3 }
    async function* run() {
      yield { type: 'begun', runId: 'r', place: null }
      yield { type: 'progress', progress }
      yield { type: 'ended', why: 'stopped', problem: null, progress, last: null }
    }
    const { served, entries } = given({ clone: run })
    const asked = { selection: { topic: 'orders', ranges: null }, toTopic: 'copies' }
    for await (const _ of served.topics.clone(asked, new AbortController().signal));
    for await (const _ of served.topics.clone(asked, new AbortController().signal)) if ((_ as { type: string }).type === 'progress') break
    expect(entries.map(({ outcome, about }) => ({ outcome, about }))).toEqual([
      { outcome: 'stopped', about: { selection: 'orders', toTopic: 'copies', acknowledged: 1_200, perhaps: 3 } },
      { outcome: 'stopped', about: { selection: 'orders', toTopic: 'copies', acknowledged: 1_200, perhaps: 3 } },
    ])
  })

  it('tells a change that ran to its end from one that was stopped', async () => {
    const { served, entries } = given()
    for await (const _ of served.topics.clone({ topic: 'a' }, new AbortController().signal));
    const aborter = new AbortController()
    for await (const _ of served.topics.clone({ topic: 'b' }, aborter.signal)) aborter.abort()
    for await (const _ of served.topics.clone({ topic: 'c' }, new AbortController().signal)) break
    expect(entries.map(({ about, outcome }) => [about['topic'], outcome])).toEqual([
      ['a', 'done'],
      ['b', 'stopped'],
      ['c', 'stopped'],
    ])
  })
})

it('what nobody has classified counts as a change', () => {
  expect(effectOf('topics', 'list')).toBe('reads')
  expect(effectOf('topics', 'burn')).toBe('changes')
  expect(effectOf('surgery', 'list')).toBe('changes')
  expect(Object.keys(wholeContract)).toContain('audit')
})
