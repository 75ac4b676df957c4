import { SCRAM_ITERATIONS, type ScramMechanism } from '../../../../src-main/contract/security.ts'

export interface PasswordForm {
  user: string
  mechanism: ScramMechanism
  iterations: string
  password: string
  again: string
}

export interface NewCredential {
  readonly user: string
  readonly mechanism: ScramMechanism
  readonly iterations: number
  readonly password: string
}

export type PasswordProblem = 'user' | 'iterations' | 'password' | 'again'

export function passwordProblems({ user, iterations, password, again }: PasswordForm): ReadonlySet<PasswordProblem> {
  const problems = new Set<PasswordProblem>()
  if (user.trim() === '') problems.add('user')
  const count = Number(iterations)
  if (!Number.isInteger(count) || count < SCRAM_ITERATIONS.least || count > SCRAM_ITERATIONS.most) problems.add('iterations')
  if (password === '') problems.add('password')
  if (password !== again) problems.add('again')
  return problems
}

/** The name without what was typed around it by mistake; the password exactly as it was typed. */
export const credentialOf = ({ user, mechanism, iterations, password }: PasswordForm): NewCredential => ({
  user: user.trim(),
  mechanism,
  iterations: Number(iterations),
  password,
})
