import { errorCode } from '../protocol/errors.ts'
import type { DescribeUserScramCredentials } from '../protocol/messages/describeUserScramCredentials.ts'
import type { ResponseInput } from '../protocol/schema.ts'
import type { MetadataImage } from './image.ts'

type DescribedUser = ResponseInput<typeof DescribeUserScramCredentials>['results'][number]

/** With which mechanisms, and how many iterations, users can log in; all users, or those named. Nothing of their keys. */
export function describedCredentials(image: MetadataImage, users: readonly { readonly name: string }[] | null): DescribedUser[] {
  const byUser = new Map<string, { mechanism: number; iterations: number }[]>()
  for (const { name, mechanism, iterations } of image.scramCredentials.values()) {
    const known = byUser.get(name)
    if (known === undefined) byUser.set(name, [{ mechanism, iterations }])
    else known.push({ mechanism, iterations })
  }
  const names = users === null || users.length === 0 ? [...byUser.keys()] : users.map(({ name }) => name)
  return [...new Set(names)].map(user => {
    const credentialInfos = byUser.get(user)
    if (names.indexOf(user) !== names.lastIndexOf(user)) {
      return { user, errorCode: errorCode('DUPLICATE_RESOURCE'), errorMessage: `The user '${user}' is named twice.`, credentialInfos: [] }
    }
    return credentialInfos === undefined
      ? {
          user,
          errorCode: errorCode('RESOURCE_NOT_FOUND'),
          errorMessage: `The user '${user}' has no SCRAM credentials.`,
          credentialInfos: [],
        }
      : {
          user,
          errorCode: 0,
          errorMessage: null,
          credentialInfos: credentialInfos.toSorted((one, other) => one.mechanism - other.mechanism),
        }
  })
}
