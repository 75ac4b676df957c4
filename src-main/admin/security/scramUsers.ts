import type { ScramMechanism, ScramUser } from '../../contract/security.ts'
import { errorName } from '../../protocol/errors.ts'
import { AlterUserScramCredentials, type AlterUserScramCredentialsRequest } from '../../protocol/messages/alterUserScramCredentials.ts'
import { DescribeUserScramCredentials } from '../../protocol/messages/describeUserScramCredentials.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { throwIfRefused } from '../kafkaError.ts'

const mechanisms: Readonly<Record<ScramMechanism, number>> = { 'SCRAM-SHA-256': 1, 'SCRAM-SHA-512': 2 }

/** What a password becomes before it travels. */
export interface SaltedPassword {
  readonly salt: Buffer
  readonly saltedPassword: Buffer
}

/** Salts a password freshly and stretches it, `Hi` of RFC 5802: the slow part, which is why it may take a while. */
export type SaltPassword = (given: {
  readonly password: string
  readonly mechanism: ScramMechanism
  readonly iterations: number
}) => Promise<SaltedPassword>

export interface NewCredential {
  readonly user: string
  readonly mechanism: ScramMechanism
  readonly iterations: number
  readonly password: string
}

/** Every user who has a credential of a mechanism that is known here, by name. */
export async function scramUsers(client: KafkaClient): Promise<ScramUser[]> {
  const answer = await client.retrying(async () => {
    const told = await client.any(DescribeUserScramCredentials, () => ({ users: null }))
    throwIfRefused(told.errorCode, told.errorMessage)
    for (const { errorCode, errorMessage } of told.results) throwIfRefused(errorCode, errorMessage)
    return told
  })
  return answer.results
    .map(({ user, credentialInfos }) => ({
      user,
      credentials: (Object.keys(mechanisms) as ScramMechanism[]).flatMap(mechanism =>
        credentialInfos.filter(info => info.mechanism === mechanisms[mechanism]).map(({ iterations }) => ({ mechanism, iterations })),
      ),
    }))
    .sort((one, other) => (one.user < other.user ? -1 : 1))
}

/** Adds the credential, or replaces the one that the user has of this mechanism. */
export async function setCredential(client: KafkaClient, credential: NewCredential, saltPassword: SaltPassword): Promise<void> {
  const { user, mechanism, iterations, password } = credential
  const salted = await saltPassword({ password, mechanism, iterations })
  await alter(client, { deletions: [], upsertions: [{ name: user, mechanism: mechanisms[mechanism], iterations, ...salted }] })
}

export async function deleteCredential(
  client: KafkaClient,
  { user, mechanism }: { readonly user: string; readonly mechanism: ScramMechanism },
): Promise<void> {
  await alter(client, { deletions: [{ name: user, mechanism: mechanisms[mechanism] }], upsertions: [] })
}

async function alter(client: KafkaClient, request: AlterUserScramCredentialsRequest): Promise<void> {
  await client.retrying(async failures => {
    const { results } = await client.controller(AlterUserScramCredentials, () => request)
    for (const { errorCode, errorMessage } of results) {
      // Then an earlier try, whose answer was lost, has deleted it.
      if (failures > 0 && errorName(errorCode) === 'RESOURCE_NOT_FOUND') continue
      throwIfRefused(errorCode, errorMessage)
    }
  })
}
