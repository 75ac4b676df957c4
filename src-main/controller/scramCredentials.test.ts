import { pbkdf2Sync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { describedCredentials } from '../metadata/describedCredentials.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { replaceImage } from '../metadata/replaceImage.ts'
import { recordsOf } from '../metadata/snapshot.ts'
import { anImage } from '../metadata/builders.ts'
import { errorName } from '../protocol/errors.ts'
import type { AlterUserScramCredentialsRequest } from '../protocol/messages/alterUserScramCredentials.ts'
import { decodeMetadataRecord, encodeMetadataRecord } from '../protocol/messages/metadataRecords.ts'
import { after, aState } from './builders.ts'
import { decideScramCredentials } from './scramCredentials.ts'

const [SHA_256, SHA_512] = [1, 2] as const

type Upsertion = AlterUserScramCredentialsRequest['upsertions'][number]
type Deletion = AlterUserScramCredentialsRequest['deletions'][number]

const upsertion = (name: string, given: Partial<Upsertion> = {}): Upsertion => ({
  name,
  mechanism: SHA_256,
  iterations: 4096,
  salt: Buffer.from('salt'),
  saltedPassword: Buffer.from('salted'),
  ...given,
})

function alter(image: MetadataImage, { deletions = [], upsertions = [] }: { deletions?: Deletion[]; upsertions?: Upsertion[] }) {
  const { records, reply } = decideScramCredentials(aState(image), { deletions, upsertions })
  return { image: after(image, records), records, told: reply.results.map(({ user, errorCode }) => [user, errorName(errorCode)]) }
}

const withAlice = alter(anImage(), { upsertions: [upsertion('alice')] }).image

it('keeps the keys of RFC 7677, and not the password', () => {
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
  const saltedPassword = pbkdf2Sync('pencil', salt, 4096, 32, 'sha256')
  const { image, records } = alter(anImage(), { upsertions: [upsertion('user', { salt, saltedPassword })] })
  expect(image.scramCredentials.get('1:user')).toEqual({
    name: 'user',
    mechanism: SHA_256,
    iterations: 4096,
    salt,
    storedKey: Buffer.from('WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=', 'base64'),
    serverKey: Buffer.from('wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=', 'base64'),
  })
  const recorded = Buffer.concat(records.map(encodeMetadataRecord))
  expect(recorded.includes(saltedPassword)).toBe(false)
})

it('changes and deletes what is there', () => {
  const changed = alter(withAlice, { upsertions: [upsertion('alice', { iterations: 8192 })] })
  expect(describedCredentials(changed.image, null)).toMatchObject([
    { user: 'alice', credentialInfos: [{ mechanism: 1, iterations: 8192 }] },
  ])
  const both = alter(changed.image, { upsertions: [upsertion('alice', { mechanism: SHA_512, iterations: 16_384 })] })
  expect([...both.image.scramCredentials.keys()]).toEqual(['1:alice', '2:alice'])
  expect(alter(both.image, { deletions: [{ name: 'alice', mechanism: SHA_256 }] }).image.scramCredentials).toHaveLength(1)
})

it.each([
  { given: 'no name', asked: { upsertions: [upsertion('')] }, error: 'UNACCEPTABLE_CREDENTIAL' },
  { given: 'an unknown mechanism', asked: { upsertions: [upsertion('bob', { mechanism: 3 })] }, error: 'UNSUPPORTED_SASL_MECHANISM' },
  { given: 'too few iterations', asked: { upsertions: [upsertion('bob', { iterations: 4095 })] }, error: 'UNACCEPTABLE_CREDENTIAL' },
  { given: 'too many iterations', asked: { upsertions: [upsertion('bob', { iterations: 16_385 })] }, error: 'UNACCEPTABLE_CREDENTIAL' },
  { given: 'no salt', asked: { upsertions: [upsertion('bob', { salt: Buffer.alloc(0) })] }, error: 'UNACCEPTABLE_CREDENTIAL' },
  {
    given: 'no password',
    asked: { upsertions: [upsertion('bob', { saltedPassword: Buffer.alloc(0) })] },
    error: 'UNACCEPTABLE_CREDENTIAL',
  },
  { given: 'the deletion of what is not there', asked: { deletions: [{ name: 'alice', mechanism: 2 }] }, error: 'RESOURCE_NOT_FOUND' },
  {
    given: 'the deletion of an unknown mechanism',
    asked: { deletions: [{ name: 'alice', mechanism: 0 }] },
    error: 'UNSUPPORTED_SASL_MECHANISM',
  },
  {
    given: 'a user who is deleted and set',
    asked: { deletions: [{ name: 'alice', mechanism: 1 }], upsertions: [upsertion('alice')] },
    error: 'DUPLICATE_RESOURCE',
  },
  {
    given: 'a user who is set twice, for two mechanisms',
    asked: { upsertions: [upsertion('alice'), upsertion('alice', { mechanism: 2 })] },
    error: 'DUPLICATE_RESOURCE',
  },
])('refuses $given with $error, and only that', ({ asked, error }) => {
  const carol = upsertion('carol')
  const { records, told } = alter(withAlice, { ...asked, upsertions: [...(asked.upsertions ?? []), carol] })
  expect(told.map(([, each]) => each).toSorted()).toEqual([error, 'NONE'].toSorted())
  expect(records.map(record => 'name' in record && record.name)).toEqual(['carol'])
})

describe('credentials in the image', () => {
  it('survive their records and a snapshot', () => {
    const records = [...recordsOf(withAlice)].map(record => decodeMetadataRecord(encodeMetadataRecord(record)))
    const restored = anImage()
    const delta = replaceImage(restored, records as Parameters<typeof replaceImage>[1])
    expect(restored.scramCredentials).toEqual(withAlice.scramCredentials)
    expect(delta.credentialsChanged).toBe(true)
    expect(replaceImage(restored, records as Parameters<typeof replaceImage>[1]).credentialsChanged).toBe(false)
  })

  it('are told of without their keys: all, or those of named users, each once', () => {
    const { image } = alter(withAlice, { upsertions: [upsertion('bob', { mechanism: SHA_512 })] })
    const told = (...users: string[]) =>
      describedCredentials(image, users.length > 0 ? users.map(name => ({ name })) : null).map(({ user, errorCode }) => [
        user,
        errorName(errorCode),
      ])
    expect(told()).toEqual([
      ['alice', 'NONE'],
      ['bob', 'NONE'],
    ])
    expect(told('bob', 'nobody', 'alice', 'alice')).toEqual([
      ['bob', 'NONE'],
      ['nobody', 'RESOURCE_NOT_FOUND'],
      ['alice', 'DUPLICATE_RESOURCE'],
    ])
    expect(Object.keys(describedCredentials(image, null)[0]!.credentialInfos[0]!)).toEqual(['mechanism', 'iterations'])
  })
})
