import { contextBridge, ipcRenderer } from 'electron'
import type { Frame } from '../../contract/channel.ts'

// The page gets a channel and nothing else. The name is that of IPC_CHANNEL, repeated because a preload stands alone.
contextBridge.exposeInMainWorld('trilog', {
  post: (frame: Frame) => ipcRenderer.send('trilog', frame),
  onFrame: (listen: (frame: Frame) => void) => {
    ipcRenderer.on('trilog', (_event, frame: Frame) => listen(frame))
  },
})
