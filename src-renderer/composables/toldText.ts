import type { Told } from '../../src-main/contract/told.ts'
import { count } from './format.ts'

/** What i18n offers, inside of components and outside. */
export interface Words {
  t(key: string, named: Record<string, string>): string
  te(key: string, locale: 'en'): boolean
}

/** A sentence of the host in the chosen language. What we have no words for is said as the host, a broker or the system said it, behind words of ours. */
export function toldText({ t, te }: Words, { code, details, message }: Told): string {
  const key = code.includes('.') ? code : `failures.${code}`
  const shown = Object.entries(details).map(([name, value]) => [name, typeof value === 'number' ? count(value) : value] as const)
  const named: Record<string, string> = { message, ...Object.fromEntries(shown) }
  const sentence = t(te(key, 'en') ? key : 'failures.other', named)
  return typeof details['part'] === 'string' ? t(`recordParts.${details['part']}`, { ...named, what: sentence }) : sentence
}
