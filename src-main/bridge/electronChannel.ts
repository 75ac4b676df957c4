import type { Channel, Frame } from '../contract/channel.ts'

/** The one IPC channel between a window and main. */
export const IPC_CHANNEL = 'trilog'

/** What a channel needs of Electron's main side, so that this file needs no Electron. */
export interface WindowPort {
  send(channel: string, frame: Frame): void
  onMessage(listen: (frame: Frame) => void): void
  onGone(listen: () => void): void
}

/** A window's IPC as a channel. It closes when the window is gone or loads another page: the page that asked does not exist any more. */
export function electronChannel(port: WindowPort): Channel {
  let isClosed = false
  const closeListeners: (() => void)[] = []
  const close = () => {
    if (isClosed) return
    isClosed = true
    for (const listen of closeListeners) listen()
  }
  port.onGone(close)
  return {
    post: frame => {
      if (!isClosed) port.send(IPC_CHANNEL, frame)
    },
    onFrame: listen => port.onMessage(listen),
    onClose: listen => {
      closeListeners.push(listen)
    },
    close,
  }
}
