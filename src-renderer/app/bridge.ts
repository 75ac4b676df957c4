import type { Channel, Frame } from '../../src-main/contract/channel.ts'
import { askOver } from '../../src-main/contract/asker.ts'
import { contract, type Bridge } from '../../src-main/contract/contract.ts'
import { frameFromText, frameToText } from '../../src-main/contract/frameText.ts'

/** What the desktop's preload gives the page. */
interface DesktopPort {
  post(frame: Frame): void
  onFrame(listen: (frame: Frame) => void): void
}

declare global {
  interface Window {
    readonly trilog?: DesktopPort
  }
}

/** The bridge of the host this page runs in. `closed` resolves when the host is gone; nothing works from then on. */
export interface ConnectedBridge {
  readonly bridge: Bridge
  readonly closed: Promise<void>
}

export async function connectBridge(): Promise<ConnectedBridge> {
  const channel = window.trilog === undefined ? await webChannel() : desktopChannel(window.trilog)
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  const bridge = askOver(contract, channel)
  channel.onClose(resolve)
  return { bridge, closed }
}

/** A window's channel lives as long as its page. */
function desktopChannel(port: DesktopPort): Channel {
  return {
    post: frame => port.post(frame),
    onFrame: listen => port.onFrame(listen),
    onClose: () => undefined,
    close: () => undefined,
  }
}

async function webChannel(): Promise<Channel> {
  const socket = new WebSocket(new URL('bridge', location.href.replace(/^http/, 'ws').replace(/[?#].*$/, '')))
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true })
    socket.addEventListener('error', () => reject(new Error('The host does not answer')), { once: true })
  })
  return {
    post: frame => {
      if (socket.readyState === WebSocket.OPEN) socket.send(frameToText(frame))
    },
    onFrame: listen => socket.addEventListener('message', event => listen(frameFromText(String(event.data)))),
    onClose: listen => socket.addEventListener('close', listen),
    close: () => socket.close(),
  }
}
