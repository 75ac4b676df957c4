import { useI18n } from 'vue-i18n'
import { BridgeError } from '../../src-main/contract/channel.ts'
import type { Told } from '../../src-main/contract/told.ts'
import { toldText } from './toldText.ts'

/** Turns what was thrown into a sentence: ours where the code has one, the host's own words otherwise. */
export function useFailureText(): (error: unknown) => string {
  const toldText = useToldText()
  return error => {
    if (error instanceof BridgeError) return toldText(error)
    return error instanceof Error ? error.message : String(error)
  }
}

/** Turns what the host said into a sentence of the chosen language. */
export function useToldText(): (told: Told) => string {
  const { t, te } = useI18n()
  return told => toldText({ t, te }, told)
}
