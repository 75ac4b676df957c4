import { assert } from '../base/assert.ts'
import { type ConfigType, type ConfigValue, parseConfigValue, serverConfigDefinitions } from './configDefinitions.ts'

/** Typed values by Kafka's names; Kafka's default where nothing was set. A name that is no broker config, or of another type, is a bug. */
export interface ConfigReader {
  number(name: string): number
  flag(name: string): boolean
  /** `undefined` when it is not set and has no default. */
  text(name: string): string | undefined
}

const NUMBERS: readonly ConfigType[] = ['short', 'int', 'long', 'double']
const TEXTS: readonly ConfigType[] = ['string', 'class', 'password']

/** Reads a broker's values, which have been checked before (`serverConfigProblems`). */
export function configReaderOf(values: ReadonlyMap<string, string>): ConfigReader {
  const read = (name: string, types: readonly ConfigType[]): ConfigValue | undefined => {
    const definition = serverConfigDefinitions.get(name)
    assert(definition !== undefined, () => `there is no broker config ${name}`)
    assert(types.includes(definition.type), () => `${name} is a ${definition.type}`)
    const text = values.get(name) ?? definition.default
    if (text === null) return undefined
    const parsed = parseConfigValue(definition.type, text)
    assert('value' in parsed, () => `${name} has been checked before`)
    return parsed.value
  }
  return {
    number(name) {
      const value = read(name, NUMBERS)
      assert(typeof value === 'number', () => `${name} is set or has a default`)
      return value
    },
    flag: name => read(name, ['boolean']) === true,
    text: name => read(name, TEXTS) as string | undefined,
  }
}
