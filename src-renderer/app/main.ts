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
import HostGone from './HostGone.vue'
import { reportTo } from './lastErrorHandler.ts'
import { router } from './router.ts'

function open({ bridge, closed }: ConnectedBridge) {
  const app = createApp(App).use(createPinia()).use(i18n).use(router).provide(bridgeKey, bridge)
  const store = app.runWithContext(() => useAppStore())
  void closed.then(() => (store.isHostGone = true))
  reportTo(app)
  app.mount('#app')
}

connectBridge().then(open, () => createApp(HostGone).use(i18n).mount('#app'))
