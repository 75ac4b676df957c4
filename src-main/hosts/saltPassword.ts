import { pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { SaltPassword } from '../admin/security/scramUsers.ts'

const SALT_BYTES = 32
const DIGESTS = {
  'SCRAM-SHA-256': { name: 'sha256', bytes: 32 },
  'SCRAM-SHA-512': { name: 'sha512', bytes: 64 },
} as const

/** On a thread of the pool. The password is taken as its UTF-8 bytes, without SASLprep, since that is what Kafka's brokers and clients do. */
export const saltPassword: SaltPassword = async ({ password, mechanism, iterations }) => {
  const { name, bytes } = DIGESTS[mechanism]
  const salt = randomBytes(SALT_BYTES)
  return { salt, saltedPassword: await promisify(pbkdf2)(Buffer.from(password, 'utf8'), salt, iterations, bytes, name) }
}
