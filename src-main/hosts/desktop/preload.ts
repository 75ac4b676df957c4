import { contextBridge, ipcRenderer } from 'electron'
import type { Frame } from '../../contract/channel.ts'

// The page gets a channel and nothing else. The names are those of `bridge/electronChannel.ts`, repeated because a preload stands alone.
ipcRenderer.send('trilog', 'new page')

contextBridge.exposeInMainWorld('trilog', {
  post: (frame: Frame) => ipcRenderer.send('trilog', frame),
  onFrame: (listen: (frame: Frame) => void) => {
    ipcRenderer.on('trilog', (_event, frame: Frame) => listen(frame))
  },
})
