import { useLocalStorage } from '@vueuse/core'
import { watchEffect } from 'vue'
import { createI18n } from 'vue-i18n'
import { en } from './en.ts'
import { zhCN } from './zh-CN.ts'

export type Locale = 'en' | 'zh-CN'

/** What the person chose; the system's language until then. */
export const locale = useLocalStorage<Locale>('trilog.locale', navigator.language.startsWith('zh') ? 'zh-CN' : 'en')

export const i18n = createI18n({ legacy: false, locale: locale.value, fallbackLocale: 'en', messages: { en, 'zh-CN': zhCN } })

watchEffect(() => {
  i18n.global.locale.value = locale.value
  document.documentElement.lang = locale.value
})
