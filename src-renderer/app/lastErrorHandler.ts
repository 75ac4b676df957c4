import type { App } from 'vue'
import { BridgeError } from '../../src-main/contract/channel.ts'
import { toldText } from '../composables/toldText.ts'
import { i18n } from '../i18n/index.ts'
import { useToastsStore } from '../stores/toasts.ts'

/** Nothing fails in silence: what nobody caught becomes a toast, and the whole error goes to the console. */
export function reportTo(app: App) {
  const { t, te } = i18n.global
  const report = (error: unknown) => {
    if (error instanceof BridgeError && error.code === 'BRIDGE_CLOSED') return // there is a page for that
    console.error(error)
    const detail = error instanceof BridgeError ? toldText({ t, te }, error) : error instanceof Error ? error.message : String(error)
    app.runWithContext(() => useToastsStore().show('danger', t('app.unexpected'), detail))
  }
  app.config.errorHandler = report
  window.addEventListener('unhandledrejection', event => report(event.reason))
}
