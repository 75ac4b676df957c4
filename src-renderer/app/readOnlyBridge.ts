import { BridgeError } from '../../src-main/contract/channel.ts'
import type { Bridge } from '../../src-main/contract/contract.ts'
import { isChange } from '../../src-main/contract/effects.ts'

type Operation = (...given: unknown[]) => unknown

/**
 * The same bridge, which refuses what would change something while this is so: whatever a screen still offers, in read-only mode nothing happens.
 */
export function guarded(bridge: Bridge, isReadOnly: () => boolean): Bridge {
  const subjects = Object.entries(bridge).map(([subject, operations]) => {
    const guardedOperations = Object.entries(operations as Readonly<Record<string, Operation>>).map(([name, ask]) => {
      if (!isChange(subject, name)) return [name, ask]
      return [
        name,
        (...given: unknown[]) => {
          if (!isReadOnly()) return ask(...given)
          const refusal = new BridgeError({ code: 'READ_ONLY', message: `${subject}.${name} would change something`, details: {} })
          // A stream has a signal; it fails when it is read, as a call does when it is awaited.
          return given.length > 1 ? failing(refusal) : Promise.reject(refusal)
        },
      ]
    })
    return [subject, Object.fromEntries(guardedOperations)]
  })
  return Object.fromEntries(subjects) as Bridge
}

async function* failing(refusal: BridgeError): AsyncGenerator<never> {
  throw refusal
}
