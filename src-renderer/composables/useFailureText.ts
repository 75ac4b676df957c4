import { useI18n } from 'vue-i18n'
import { BridgeError } from '../../src-main/contract/channel.ts'

/** Turns what was thrown into a sentence: ours where the code has one, the host's own words otherwise. */
export function useFailureText(): (error: unknown) => string {
  const { t, te } = useI18n()
  return error => {
    if (error instanceof BridgeError) {
      const key = `failures.${error.code}`
      return te(key, 'en') ? t(key, { ...error.details }) : error.message
    }
    return error instanceof Error ? error.message : String(error)
  }
}
