import { inject, type InjectionKey } from 'vue'
import type { Bridge } from '../../src-main/contract/contract.ts'

export const bridgeKey: InjectionKey<Bridge> = Symbol('bridge')

/** The way to the host. Works in components, and in stores while the app runs. */
export function useBridge(): Bridge {
  const bridge = inject(bridgeKey)
  if (bridge === undefined) throw new Error('No bridge was provided')
  return bridge
}
