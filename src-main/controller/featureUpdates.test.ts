import { describe, expect, it } from 'vitest'
import { aBroker, anImage, aTopic } from '../metadata/builders.ts'
import { ELIGIBLE_LEADERS_FEATURE, METADATA_VERSION, METADATA_VERSION_FEATURE, NEWEST_METADATA_VERSION } from '../metadata/features.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { errorName } from '../protocol/errors.ts'
import { after, aRegistration, aState, ordersIn } from './builders.ts'
import { changesWith } from './elections.ts'
import { decideFeatureUpdates } from './featureUpdates.ts'
import { decideRegistration } from './registrations.ts'

const [UPGRADE, SAFE_DOWNGRADE, UNSAFE_DOWNGRADE] = [1, 2, 3] as const
const NO_CONFIG = new Map<string, string>()

type Update = readonly [feature: string, maxVersionLevel: number, upgradeType?: number]

function update(
  image: MetadataImage,
  updates: readonly Update[],
  given: { validateOnly?: boolean; staticConfigs?: Map<string, string> } = {},
) {
  const { validateOnly = false, staticConfigs = NO_CONFIG } = given
  const featureUpdates = updates.map(([feature, maxVersionLevel, upgradeType = UPGRADE]) => ({
    feature,
    maxVersionLevel,
    upgradeType,
    allowDowngrade: false,
  }))
  const { records, reply } = decideFeatureUpdates(aState(image, { staticConfigs }), { timeoutMs: 1000, featureUpdates, validateOnly })
  return { image: after(image, records), records, error: errorName(reply.errorCode), message: reply.errorMessage }
}

const upgraded = update(anImage(), [[METADATA_VERSION_FEATURE, NEWEST_METADATA_VERSION]])

it('takes metadata.version up to the newest that all support, and back', () => {
  expect(upgraded).toMatchObject({ error: 'NONE', message: null })
  expect(upgraded.image.features.get(METADATA_VERSION_FEATURE)).toBe(NEWEST_METADATA_VERSION)
  const back = update(upgraded.image, [[METADATA_VERSION_FEATURE, METADATA_VERSION, SAFE_DOWNGRADE]])
  expect(back.image.features.get(METADATA_VERSION_FEATURE)).toBe(METADATA_VERSION)
})

it('records nothing for the level that there is, nor when only asked whether it could', () => {
  expect(update(anImage(), [[METADATA_VERSION_FEATURE, METADATA_VERSION]])).toMatchObject({ records: [], error: 'NONE' })
  expect(update(anImage(), [[METADATA_VERSION_FEATURE, NEWEST_METADATA_VERSION]], { validateOnly: true })).toMatchObject({
    records: [],
    error: 'NONE',
  })
})

it.each<{ given: string; updates: readonly Update[]; error: string }>([
  { given: 'a level nobody knows', updates: [[METADATA_VERSION_FEATURE, 99]], error: 'INVALID_UPDATE_VERSION' },
  { given: 'a level too old', updates: [[METADATA_VERSION_FEATURE, 7, SAFE_DOWNGRADE]], error: 'INVALID_UPDATE_VERSION' },
  { given: 'no level', updates: [[ELIGIBLE_LEADERS_FEATURE, -1, SAFE_DOWNGRADE]], error: 'INVALID_UPDATE_VERSION' },
  { given: 'a feature nobody knows', updates: [['nonsense.version', 1]], error: 'INVALID_UPDATE_VERSION' },
  { given: 'a way nobody knows', updates: [[METADATA_VERSION_FEATURE, 26, 4]], error: 'INVALID_UPDATE_VERSION' },
  { given: 'a way down by an upgrade', updates: [[METADATA_VERSION_FEATURE, 25]], error: 'INVALID_UPDATE_VERSION' },
  { given: 'a way up by a downgrade', updates: [[ELIGIBLE_LEADERS_FEATURE, 1, SAFE_DOWNGRADE]], error: 'INVALID_UPDATE_VERSION' },
  { given: 'a way down at any price', updates: [[METADATA_VERSION_FEATURE, 25, UNSAFE_DOWNGRADE]], error: 'INVALID_UPDATE_VERSION' },
  {
    given: 'one of two',
    updates: [
      [ELIGIBLE_LEADERS_FEATURE, 1],
      ['nonsense.version', 1],
    ],
    error: 'INVALID_UPDATE_VERSION',
  },
  {
    given: 'a feature twice',
    updates: [
      [ELIGIBLE_LEADERS_FEATURE, 1],
      [ELIGIBLE_LEADERS_FEATURE, 0],
    ],
    error: 'INVALID_REQUEST',
  },
])('refuses $given with $error, and changes nothing', ({ updates, error }) => {
  const outcome = update(upgraded.image, updates)
  expect([outcome.error, outcome.records]).toEqual([error, []])
  expect(outcome.message).toBeTruthy()
})

describe('a broker that does not support a level', () => {
  const old = [{ name: METADATA_VERSION_FEATURE, minSupportedVersion: 25, maxSupportedVersion: 25 }]

  it('is in the way of it, even when it is fenced', () => {
    const image = anImage({ brokers: [aBroker(1), aBroker(2, { features: old, fenced: true })] })
    const refused = update(image, [[METADATA_VERSION_FEATURE, 26]])
    expect(refused.error).toBe('INVALID_UPDATE_VERSION')
    expect(refused.message).toContain('broker 2')
    expect(update(image, [[ELIGIBLE_LEADERS_FEATURE, 1]]).error).toBe('INVALID_UPDATE_VERSION')
  })

  it('cannot register afterwards', () => {
    const { reply } = decideRegistration(aState(upgraded.image), aRegistration(4, { features: old }), false)
    expect(errorName(reply.errorCode)).toBe('UNSUPPORTED_VERSION')
  })
})

describe('eligible leader replicas', () => {
  it("begin with one min.insync.replicas for all: the brokers' own are gone, and the static one is the cluster's", () => {
    const image = anImage({ configs: { '4:2': { 'min.insync.replicas': '3', 'log.retention.ms': '7' } } })
    const staticConfigs = new Map([['min.insync.replicas', '2']])
    const begun = update(image, [[ELIGIBLE_LEADERS_FEATURE, 1]], { staticConfigs })
    expect(begun.image.hasEligibleLeaders).toBe(true)
    expect(Object.fromEntries(begun.image.configs)).toEqual({
      '4:': new Map([['min.insync.replicas', '2']]),
      '4:2': new Map([['log.retention.ms', '7']]),
    })
    const known = anImage({ configs: { '4:': { 'min.insync.replicas': '3' } } })
    expect(update(known, [[ELIGIBLE_LEADERS_FEATURE, 1]], { staticConfigs }).records).toHaveLength(1)
  })

  it('end with who is eligible back in an ISR that is empty, or else who led last; all others are forgotten', () => {
    const image = anImage({
      brokers: [aBroker(1), aBroker(2, { fenced: true }), aBroker(3, { fenced: true })],
      topics: [
        aTopic('orders', [
          { isr: [], leader: -1, elr: [2, 3], lastKnownElr: [2] },
          { isr: [], leader: -1, elr: [], lastKnownElr: [3] },
          { isr: [1], leader: 1, elr: [2] },
          {},
        ]),
      ],
      eligibleLeaders: { minInsyncReplicas: 2 },
    })
    const ended = update(image, [[ELIGIBLE_LEADERS_FEATURE, 0, SAFE_DOWNGRADE]])
    expect(ended.image.hasEligibleLeaders).toBe(false)
    const partitions = ended.image.topicsByName.get('orders')!.partitions
    expect(partitions.map(({ isr, leader, elr, lastKnownElr }) => ({ isr, leader, elr, lastKnownElr }))).toEqual([
      { isr: [2, 3], leader: -1, elr: [], lastKnownElr: [] },
      { isr: [3], leader: -1, elr: [], lastKnownElr: [] },
      { isr: [1], leader: 1, elr: [], lastKnownElr: [] },
      { isr: [1, 2, 3], leader: 1, elr: [], lastKnownElr: [] },
    ])
    expect(ordersIn(after(ended.image, changesWith(ended.image, 3, NO_CONFIG)))).toMatchObject({ leader: 3, isr: [2, 3] })
  })
})
