import type { Channel, Frame } from '../contract/channel.ts'
import { frameFromText, frameToText } from '../contract/frameText.ts'

/** What a channel needs of a WebSocket: the part that Node's server side, Node's client and the browser have in common. */
export interface TextSocket {
  send(text: string): void
  close(): void
  onText(listen: (text: string) => void): void
  onClose(listen: () => void): void
}

/** A WebSocket as a channel. What is not a frame closes it: the peer is not one of ours. */
export function webSocketChannel(socket: TextSocket): Channel {
  let frameListener: ((frame: Frame) => void) | undefined
  const closeListeners: (() => void)[] = []
  let isClosed = false

  socket.onText(text => {
    let frame: Frame
    try {
      frame = frameFromText(text)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      socket.close()
      return
    }
    frameListener?.(frame)
  })
  socket.onClose(() => {
    isClosed = true
    for (const listen of closeListeners) listen()
  })
  return {
    post: frame => {
      if (!isClosed) socket.send(frameToText(frame))
    },
    onFrame: listen => (frameListener = listen),
    onClose: listen => {
      closeListeners.push(listen)
    },
    close: () => socket.close(),
  }
}
