import { open, rename } from 'node:fs/promises'
import type { ExportFile, ExportFiles } from '../admin/records/exportFile.ts'
import type { Downloads } from './web/downloads.ts'

/** Where a person wants a file; undefined when they do not want one. */
export type AskForPath = (name: string) => Promise<string | undefined>

/** Exports go where a dialog of the desktop says, or to the browser that asks for them. */
export function hostExportFiles(downloads: Downloads, askForPath: AskForPath | undefined): ExportFiles {
  return {
    open: async (to, wanted) => {
      const name = fileName(wanted)
      if (to === 'download') return downloads.open(name)
      if (askForPath === undefined) throw new Error('This host has no windows that could ask for a file.')
      const path = await askForPath(name)
      return path === undefined ? null : openFile(path)
    },
  }
}

/** Until it is whole, the file has `.partial` behind its name, and whatever stood under its name stays. */
async function openFile(path: string): Promise<ExportFile> {
  const partial = `${path}.partial`
  const file = await open(partial, 'w')
  const place = { kind: 'file' as const, path }
  return {
    place,
    write: async bytes => {
      await file.writeFile(bytes)
    },
    abandon: () => undefined, // a disk takes what it is given
    close: async ({ isWhole }) => {
      try {
        if (isWhole) await file.sync()
      } finally {
        await file.close()
      }
      if (isWhole) await rename(partial, path)
    },
  }
}

/** Nothing that would lead out of a folder, or that some system does not allow in a name. */

const fileName = (wanted: string) => wanted.replace(/[\x00-\x1f<>:"/\\|?*]/g, '_').replace(/^\.+/, '_')
