import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')

/**
 * Electron's own binary where it is there and can show a window, otherwise the stand-in. Chromium's sandbox does not work for root, and the app is
 * not run without it.
 */
export function electron(): { executablePath: string; isReal: boolean } {
  const installed = join(root, 'node_modules/electron')
  const pathFile = join(installed, 'path.txt')
  const binary = existsSync(pathFile) ? join(installed, 'dist', readFileSync(pathFile, 'utf8')) : undefined
  const hasDisplay = process.platform !== 'linux' || Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY)
  return binary !== undefined && existsSync(binary) && hasDisplay && process.getuid?.() !== 0
    ? { executablePath: binary, isReal: true }
    : { executablePath: join(root, 'e2e/stand-in/electron'), isReal: false }
}
