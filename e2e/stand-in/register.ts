// Loaded before the app: makes this process look like Electron's main process, and `electron` mean the stand-in.
import { registerHooks } from 'node:module'

const electron = new URL('./electron.ts', import.meta.url).href
const names = new Set(['electron', 'electron/main', 'electron/common'])

registerHooks({
  resolve: (specifier, context, next) =>
    names.has(specifier) ? { url: electron, format: 'module-typescript', shortCircuit: true } : next(specifier, context),
})

Object.defineProperty(process.versions, 'electron', { value: '45.4.1-stand-in', configurable: true })
Object.defineProperty(process, 'type', { value: 'browser', configurable: true })
