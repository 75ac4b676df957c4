import { describe, expect, it } from 'vitest'
import { anImage } from '../metadata/builders.ts'
import { quotaEntityKey } from '../metadata/delta.ts'
import { describedQuotas } from '../metadata/describedQuotas.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { replaceImage } from '../metadata/replaceImage.ts'
import { recordsOf } from '../metadata/snapshot.ts'
import { errorName } from '../protocol/errors.ts'
import type { AlterClientQuotasRequest } from '../protocol/messages/alterClientQuotas.ts'
import { after, aState } from './builders.ts'
import { decideClientQuotas } from './clientQuotas.ts'

type Entry = AlterClientQuotasRequest['entries'][number]
type Entity = Readonly<Record<string, string | null>>

const entityOf = (parts: Entity) => Object.entries(parts).map(([entityType, entityName]) => ({ entityType, entityName }))

/** Values as they shall be; null removes one. */
const entry = (entity: Entity, values: Readonly<Record<string, number | null>>): Entry => ({
  entity: entityOf(entity),
  ops: Object.entries(values).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
})

function alter(image: MetadataImage, entries: readonly Entry[], validateOnly = false) {
  const { records, reply } = decideClientQuotas(aState(image), { entries, validateOnly })
  return { image: after(image, records), records, told: reply.entries.map(({ errorCode }) => errorName(errorCode)) }
}

const valuesOf = (image: MetadataImage, entity: Entity) =>
  Object.fromEntries(image.quotas.get(quotaEntityKey(entityOf(entity)))?.values ?? [])

const before = alter(anImage(), [
  entry({ user: 'alice' }, { producer_byte_rate: 1000, request_percentage: 12.5 }),
  entry({ user: 'alice', 'client-id': 'app' }, { consumer_byte_rate: 2000 }),
  entry({ user: null, 'client-id': 'app' }, { controller_mutation_rate: 0.5 }),
  entry({ 'client-id': null }, { producer_byte_rate: 3000 }),
  entry({ ip: '::1' }, { connection_creation_rate: 4 }),
  entry({ ip: null }, { connection_creation_rate: 5 }),
]).image

it('sets, changes and removes; an entity is the same in whichever order its parts are named', () => {
  const { image, told } = alter(before, [
    entry({ user: 'alice' }, { producer_byte_rate: 1001, request_percentage: null }),
    entry({ 'client-id': 'app', user: 'alice' }, { consumer_byte_rate: null }),
  ])
  expect(told).toEqual(['NONE', 'NONE'])
  expect(valuesOf(image, { user: 'alice' })).toEqual({ producer_byte_rate: 1001 })
  expect(image.quotas.has(quotaEntityKey(entityOf({ user: 'alice', 'client-id': 'app' })))).toBe(false)
})

it('records what changes and nothing else, and nothing when only asked whether it could', () => {
  expect(alter(before, [entry({ user: 'alice' }, { producer_byte_rate: 1000, consumer_byte_rate: null, nonsense: null })])).toMatchObject({
    records: [],
    told: ['NONE'],
  })
  expect(alter(before, [entry({ user: 'bob' }, { producer_byte_rate: 7 })], true)).toMatchObject({ records: [], told: ['NONE'] })
})

it.each([
  { given: 'nobody', entity: {}, values: { producer_byte_rate: 5 } },
  { given: 'a type nobody knows', entity: { host: 'a' }, values: { producer_byte_rate: 5 } },
  { given: 'an empty name', entity: { user: '' }, values: { producer_byte_rate: 5 } },
  { given: 'an address together with a user', entity: { ip: '1.2.3.4', user: 'a' }, values: { connection_creation_rate: 5 } },
  { given: 'no address', entity: { ip: '300.1.1.1' }, values: { connection_creation_rate: 5 } },
  { given: 'a host', entity: { ip: 'localhost' }, values: { connection_creation_rate: 5 } },
  { given: 'an address with a zone', entity: { ip: 'fe80::1%eth0' }, values: { connection_creation_rate: 5 } },
  { given: 'a quota of users, for an address', entity: { ip: '1.2.3.4' }, values: { producer_byte_rate: 5 } },
  { given: 'a quota of addresses, for a user', entity: { user: 'a' }, values: { connection_creation_rate: 5 } },
  { given: 'a quota nobody knows', entity: { user: 'a' }, values: { nonsense: 5 } },
  { given: 'one bad value of two', entity: { user: 'a' }, values: { consumer_byte_rate: 5, producer_byte_rate: 0 } },
  { given: 'less than nothing', entity: { user: 'a' }, values: { request_percentage: -1 } },
  { given: 'no number', entity: { user: 'a' }, values: { request_percentage: NaN } },
  { given: 'half a byte', entity: { user: 'a' }, values: { producer_byte_rate: 10.5 } },
  { given: 'more bytes than can be counted', entity: { user: 'a' }, values: { producer_byte_rate: Infinity } },
  { given: 'half a connection', entity: { ip: '1.2.3.4' }, values: { connection_creation_rate: 0.5 } },
  { given: 'too many connections', entity: { ip: '1.2.3.4' }, values: { connection_creation_rate: 3e9 } },
])('refuses $given as a whole', ({ entity, values }) => {
  const outcome = alter(before, [entry(entity, values), entry({ user: 'other' }, { producer_byte_rate: 5 })])
  expect(outcome.told).toEqual(['INVALID_REQUEST', 'NONE'])
  expect(outcome.records).toHaveLength(1)
})

it('refuses what is named twice', () => {
  const [one] = [entry({ user: 'a' }, { producer_byte_rate: 5 })]
  expect(alter(before, [one, entry({ user: 'a' }, { producer_byte_rate: 6 })]).told).toEqual(['INVALID_REQUEST', 'INVALID_REQUEST'])
  expect(alter(before, [{ ...one, ops: [...one.ops, ...one.ops] }]).told).toEqual(['INVALID_REQUEST'])
  expect(alter(before, [{ ...one, entity: [...one.entity, ...one.entity] }]).told).toEqual(['INVALID_REQUEST'])
})

describe('quotas in the image', () => {
  it('survive a snapshot', () => {
    const restored = anImage()
    expect(replaceImage(restored, [...recordsOf(before)]).quotasChanged).toBe(true)
    expect(restored.quotas).toEqual(before.quotas)
  })

  const [EXACT, DEFAULT, ANY] = [0, 1, 2] as const
  const ask = (components: readonly (readonly [string, number, string?])[], strict = false) => {
    const described = describedQuotas(before, {
      components: components.map(([entityType, matchType, match = null]) => ({ entityType, matchType, match })),
      strict,
    })
    return 'error' in described
      ? described.error
      : described.entries.map(({ entity }) => entity.map(({ entityType, entityName }) => `${entityType}=${entityName}`).join())
  }

  it.each([
    { given: 'nothing', filter: [], strict: false, found: 6 },
    { given: 'nothing, strictly', filter: [], strict: true, found: 0 },
    { given: 'any user', filter: [['user', ANY]], strict: false, found: 3 },
    { given: 'any user, strictly', filter: [['user', ANY]], strict: true, found: 1 },
    { given: 'a user by name', filter: [['user', EXACT, 'alice']], strict: false, found: 2 },
    { given: 'the default user', filter: [['user', DEFAULT]], strict: false, found: 1 },
    {
      given: 'two parts',
      filter: [
        ['user', ANY],
        ['client-id', EXACT, 'app'],
      ],
      strict: true,
      found: 2,
    },
    { given: 'any address', filter: [['ip', ANY]], strict: true, found: 2 },
    { given: 'who is not there', filter: [['user', EXACT, 'zoe']], strict: false, found: 0 },
  ] as const)('are found by $given', ({ filter, strict, found }) => expect(ask(filter, strict)).toHaveLength(found))

  it.each([
    { given: 'no type', filter: [['', ANY]], error: 'INVALID_REQUEST' },
    { given: 'a type nobody knows', filter: [['host', ANY]], error: 'UNSUPPORTED_VERSION' },
    {
      given: 'a type twice',
      filter: [
        ['user', ANY],
        ['user', DEFAULT],
      ],
      error: 'INVALID_REQUEST',
    },
    {
      given: 'addresses and users',
      filter: [
        ['user', ANY],
        ['ip', ANY],
      ],
      error: 'INVALID_REQUEST',
    },
    { given: 'an exact match of nothing', filter: [['user', EXACT]], error: 'INVALID_REQUEST' },
    { given: 'a default with a name', filter: [['user', DEFAULT, 'alice']], error: 'INVALID_REQUEST' },
    { given: 'a match nobody knows', filter: [['user', 3]], error: 'INVALID_REQUEST' },
  ] as const)('are not looked for by $given', ({ filter, error }) => expect(ask(filter)).toBe(error))
})
