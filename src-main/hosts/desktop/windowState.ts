import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'

const WindowState = z.object({
  bounds: z.object({ x: z.number().int(), y: z.number().int(), width: z.number().int(), height: z.number().int() }),
  isMaximized: z.boolean(),
})
export type WindowState = z.infer<typeof WindowState>

/** How the window was left; `undefined` the first time, and when nobody can tell any more. */
export async function readWindowState(file: string): Promise<WindowState | undefined> {
  try {
    return WindowState.safeParse(JSON.parse(await readFile(file, 'utf8'))).data
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export async function writeWindowState(file: string, state: WindowState): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(`${file}.new`, `${JSON.stringify(state)}\n`)
  await rename(`${file}.new`, file)
}

/** Whether enough of a window would be on one of the screens to be found and moved: a second screen may be gone since. */
export function isOnScreen(bounds: WindowState['bounds'], screens: readonly WindowState['bounds'][]): boolean {
  return screens.some(screen => {
    const width = Math.min(bounds.x + bounds.width, screen.x + screen.width) - Math.max(bounds.x, screen.x)
    const isTitleOn = bounds.y >= screen.y && bounds.y < screen.y + screen.height - 40
    return width >= 200 && isTitleOn
  })
}
