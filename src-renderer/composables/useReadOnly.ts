import { useLocalStorage } from '@vueuse/core'
import { readonly } from 'vue'

/** What the host said last, so that a page that is just being opened does not offer for a moment what will be refused. */
const told = useLocalStorage('trilog.readOnly', false)

/**
 * The cluster may only be looked at: what changes or destroys something is not on screen. The host decides, for every page, and refuses it whatever a
 * page offers.
 */
export const isReadOnly = readonly(told)

/** What the host says. */
export function takeReadOnly(isSo: boolean) {
  told.value = isSo
}
