import { scramKeys, type ScramMechanism, MAX_SCRAM_ITERATIONS, scramMechanismOf } from '../metadata/scramMechanisms.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { scramCredentialKey } from '../metadata/image.ts'
import type { AlterUserScramCredentials, AlterUserScramCredentialsRequest } from '../protocol/messages/alterUserScramCredentials.ts'
import { type MetadataRecord, metadataRecord } from '../protocol/messages/metadataRecords.ts'
import type { ResponseInput } from '../protocol/schema.ts'
import { accepted, type ControllerState, type Decision, isRefusal, type Refusal, refusal, refused, repeated } from './decision.ts'

type Deletion = AlterUserScramCredentialsRequest['deletions'][number]
type Upsertion = AlterUserScramCredentialsRequest['upsertions'][number]

/**
 * Sets and deletes SCRAM credentials (KIP-554), each user for itself. A request may speak of a user only once, because what comes first in it is not
 * said. The salted password ends here: what is recorded are the two keys that follow from it.
 */
export function decideScramCredentials(
  { image }: ControllerState,
  { deletions, upsertions }: AlterUserScramCredentialsRequest,
): Decision<ResponseInput<typeof AlterUserScramCredentials>> {
  const twice = repeated([...deletions, ...upsertions].map(({ name }) => name))
  const outcomes = new Map<string, MetadataRecord | Refusal>()
  for (const name of twice) {
    outcomes.set(name, refusal('DUPLICATE_RESOURCE', 'The credentials of a user can be changed only once in a request.'))
  }
  for (const deletion of deletions) if (!twice.has(deletion.name)) outcomes.set(deletion.name, deleted(image, deletion))
  for (const upsertion of upsertions) if (!twice.has(upsertion.name)) outcomes.set(upsertion.name, upserted(upsertion))

  const records = [...outcomes.values()].flatMap(outcome => (isRefusal(outcome) ? [] : [outcome]))
  const results = [...outcomes].map(([user, outcome]) => ({ user, ...(isRefusal(outcome) ? refused(outcome) : accepted) }))
  return { records, reply: { throttleTimeMs: 0, results } }
}

function deleted(image: MetadataImage, { name, mechanism: type }: Deletion): MetadataRecord | Refusal {
  const mechanism = mechanismFor(name, type)
  if (isRefusal(mechanism)) return mechanism
  if (!image.scramCredentials.has(scramCredentialKey({ name, mechanism: type }))) {
    return refusal('RESOURCE_NOT_FOUND', `The user has no credentials for ${mechanism.name}.`)
  }
  return metadataRecord({ type: 'RemoveUserScramCredentialRecord', name, mechanism: type })
}

function upserted({ name, mechanism: type, iterations, salt, saltedPassword }: Upsertion): MetadataRecord | Refusal {
  const mechanism = mechanismFor(name, type)
  if (isRefusal(mechanism)) return mechanism
  const { minIterations } = mechanism
  if (iterations < minIterations) return refusal('UNACCEPTABLE_CREDENTIAL', `Too few iterations: at least ${minIterations} are needed.`)
  if (iterations > MAX_SCRAM_ITERATIONS) {
    return refusal('UNACCEPTABLE_CREDENTIAL', `Too many iterations: at most ${MAX_SCRAM_ITERATIONS} are allowed.`)
  }
  if (salt.length === 0 || saltedPassword.length === 0)
    return refusal('UNACCEPTABLE_CREDENTIAL', 'A salt or the salted password is missing.')
  // The salt is a view of the request's frame, and stays.
  const kept = { salt: Buffer.from(salt), ...scramKeys(mechanism, saltedPassword) }
  return metadataRecord({ type: 'UserScramCredentialRecord', name, mechanism: type, iterations, ...kept })
}

function mechanismFor(name: string, type: number): ScramMechanism | Refusal {
  if (name === '') return refusal('UNACCEPTABLE_CREDENTIAL', 'A user has a name.')
  return scramMechanismOf(type) ?? refusal('UNSUPPORTED_SASL_MECHANISM', `There is no SCRAM mechanism ${type}.`)
}

/** For `refuse`-ing a whole request. */
export function refusedCredentials(
  { deletions, upsertions }: AlterUserScramCredentialsRequest,
  reason: Refusal,
): ResponseInput<typeof AlterUserScramCredentials> {
  const users = new Set([...deletions, ...upsertions].map(({ name }) => name))
  return { throttleTimeMs: 0, results: [...users].map(user => ({ user, ...refused(reason) })) }
}
