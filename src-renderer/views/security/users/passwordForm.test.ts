import { expect, it } from 'vitest'
import { credentialOf, passwordProblems } from './passwordForm.ts'

const form = { user: ' alice ', mechanism: 'SCRAM-SHA-256', iterations: '8192', password: ' hush ', again: ' hush ' } as const

it('a password is taken as it is, spaces included', () => {
  expect(passwordProblems(form).size).toBe(0)
  expect(credentialOf(form)).toEqual({ user: 'alice', mechanism: 'SCRAM-SHA-256', iterations: 8_192, password: ' hush ' })
})

it.each([
  [{ user: ' ' }, ['user']],
  [{ iterations: '4095' }, ['iterations']],
  [{ iterations: '16385' }, ['iterations']],
  [{ iterations: '5000.5' }, ['iterations']],
  [{ iterations: '' }, ['iterations']],
  [{ password: '' }, ['password', 'again']],
  [{ again: 'hush' }, ['again']],
])('%j is refused for %j', (given, problems) => expect([...passwordProblems({ ...form, ...given })]).toEqual(problems))
