import { createHmac, hash } from 'node:crypto'

/** A way to prove that one knows a password without sending it (RFC 5802, KIP-84). */
export interface ScramMechanism {
  /** Its number in credentials and requests. */
  readonly type: number
  readonly name: string
  readonly digest: 'sha256' | 'sha512'
  readonly minIterations: number
}

/** More would keep a client that logs in busy for too long. */
export const MAX_SCRAM_ITERATIONS = 16_384

export const scramMechanisms: readonly ScramMechanism[] = [
  { type: 1, name: 'SCRAM-SHA-256', digest: 'sha256', minIterations: 4096 },
  { type: 2, name: 'SCRAM-SHA-512', digest: 'sha512', minIterations: 4096 },
]

/** Undefined for numbers nobody knows. */
export function scramMechanismOf(type: number): ScramMechanism | undefined {
  return scramMechanisms.find(each => each.type === type)
}

/** What a server keeps of a salted password: neither of the two lets anybody log in. */
export interface ScramKeys {
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/** The stored key proves the client, the server key proves the server. */
export function scramKeys({ digest }: ScramMechanism, saltedPassword: Buffer): ScramKeys {
  const keyed = (text: string) => createHmac(digest, saltedPassword).update(text).digest()
  return { storedKey: hash(digest, keyed('Client Key'), 'buffer'), serverKey: keyed('Server Key') }
}
