import { pbkdf2Sync } from 'node:crypto'
import { expect, it } from 'vitest'
import { saltPassword } from './saltPassword.ts'

it.each([
  ['SCRAM-SHA-256', 'sha256', 32],
  ['SCRAM-SHA-512', 'sha512', 64],
] as const)('derives what %s asks for, with another salt each time', async (mechanism, digest, bytes) => {
  const one = await saltPassword({ password: 'pässword', mechanism, iterations: 4_096 })
  const other = await saltPassword({ password: 'pässword', mechanism, iterations: 4_096 })
  expect(one.salt.equals(other.salt)).toBe(false)
  expect(one.saltedPassword).toEqual(pbkdf2Sync('pässword', one.salt, 4_096, bytes, digest))
})
