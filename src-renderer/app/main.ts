import './noEval.ts'
import '@fontsource-variable/inter'
import '@fontsource-variable/jetbrains-mono'
import '../styles/tokens.css'
import '../styles/base.css'
import '../styles/overlays.css'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import '../composables/useTheme.ts'
import { bridgeKey } from '../composables/useBridge.ts'
import { i18n } from '../i18n/index.ts'
import { useAppStore } from '../stores/app.ts'
import App from './App.vue'
import { connectBridge, type ConnectedBridge } from './bridge.ts'
import { followEarlyLinks } from './earlyLinks.ts'
import HostGone from './HostGone.vue'
import { reportTo } from './lastErrorHandler.ts'
import NotStarted from './NotStarted.vue'

async function open({ bridge, closed }: ConnectedBridge) {
  // Not before: from then on it knows where the page's address is, and notices a change only once the app is there.
  const { router } = await import('./router.ts')
  const app = createApp(App).use(createPinia()).use(i18n).use(router).provide(bridgeKey, bridge)
  followEarlyLinks(router)
  const store = app.runWithContext(() => useAppStore())
  void closed.then(() => (store.isHostGone = true))
  reportTo(app)
  app.mount('#app')
}

const showHostGone = () => createApp(HostGone).use(i18n).mount('#app')

/** The app, or why there is no cluster that it could show. */
async function openOrSayWhy(connected: ConnectedBridge) {
  const { app } = connected.bridge
  const failure = await app.startFailure({})
  if (failure === null) {
    await open(connected)
    return
  }
  const page = createApp(NotStarted, {
    failure,
    look: () => app.startFailure({}),
    again: (port: number | null) => app.startAgain({ port }),
    started: () => location.reload(),
  }).use(i18n)
  page.mount('#app')
  await connected.closed
  page.unmount()
  showHostGone()
}

connectBridge().then(openOrSayWhy).catch(showHostGone)
