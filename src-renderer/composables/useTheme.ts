import { useLocalStorage, usePreferredDark } from '@vueuse/core'
import { computed, watchEffect } from 'vue'

export type ThemeChoice = 'light' | 'dark' | 'system'

const prefersDark = usePreferredDark()

/** What the person chose; kept on this machine. */
export const themeChoice = useLocalStorage<ThemeChoice>('trilog.theme', 'system')

/** The theme on screen. Charts draw on a canvas, so they watch it and read the tokens again. */
export const theme = computed<'light' | 'dark'>(() =>
  themeChoice.value === 'system' ? (prefersDark.value ? 'dark' : 'light') : themeChoice.value,
)

watchEffect(() => {
  document.documentElement.dataset.theme = theme.value
})

/** The value of a design token now. */
export const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
