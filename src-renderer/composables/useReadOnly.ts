import { useLocalStorage } from '@vueuse/core'

/** The person has chosen to look only: what changes or destroys something is not on screen, and the bridge refuses it. Kept on this machine. */
export const isReadOnly = useLocalStorage('trilog.readOnly', false)
