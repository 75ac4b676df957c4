import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'electron-vite'
import { chmodSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Plugin } from 'vite'

const at = (path: string) => resolve(import.meta.dirname, path)

/** What a shell starts by its name has to be a program. */
const executable = (fileName: string): Plugin => ({
  name: 'trilog:executable',
  writeBundle: ({ dir }, bundle) => {
    if (dir !== undefined && fileName in bundle) chmodSync(join(dir, fileName), 0o755)
  },
})

export default defineConfig({
  // ESM. What is in `dependencies` stays outside; code that several entries share becomes chunks, one per set of entries that share it,
  // so a broker loads nothing that only a host needs.
  main: {
    plugins: [executable('cli.js')],
    build: {
      outDir: at('out/main'),
      sourcemap: true,
      rolldownOptions: {
        input: {
          desktop: at('src-main/hosts/desktop/main.ts'),
          cli: at('src-main/hosts/cli/main.ts'),
          broker: at('src-main/server/main.ts'),
          searchWorker: at('src-main/hosts/search/main.ts'),
          segmentCheckWorker: at('src-main/hosts/segments/main.ts'),
          startCluster: at('src-main/hosts/cli/startCluster.ts'),
        },
        output: {
          entryFileNames: '[name].js',
          chunkFileNames: 'chunks/[name]-[hash].js',
          banner: chunk => (chunk.isEntry && chunk.name === 'cli' ? '#!/usr/bin/env node' : ''),
        },
      },
    },
  },
  // A sandboxed preload can be neither ESM nor import anything but `electron`: one CommonJS file with all it needs.
  preload: {
    build: {
      outDir: at('out/preload'),
      externalizeDeps: false,
      rolldownOptions: {
        input: { preload: at('src-main/hosts/desktop/preload.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: at('src-renderer'),
    plugins: [vue()],
    define: { __VUE_I18N_LEGACY_API__: false, __VUE_I18N_FULL_INSTALL__: true, __INTLIFY_PROD_DEVTOOLS__: false },
    build: {
      outDir: at('out/renderer'),
      // Small fonts would become data: URLs, which the content security policy refuses.
      assetsInlineLimit: 0,
      minify: true,
      rolldownOptions: { input: { index: at('src-renderer/index.html') } },
    },
  },
})
