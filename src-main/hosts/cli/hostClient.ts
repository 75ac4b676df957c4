import { WebSocket } from 'ws'
import { webSocketChannel } from '../../bridge/webSocketChannel.ts'
import { askOver } from '../../contract/asker.ts'
import { contract, type Bridge } from '../../contract/contract.ts'
import { readHostFile, type HostFile } from '../hostFile.ts'

/** A host on the same machine answers in milliseconds, or it stands still. */
const ANSWERS_WITHIN_MS = 5_000

/** A CLI command's line to the host that runs the cluster of a folder. */
export interface HostClient {
  readonly bridge: Bridge
  readonly file: HostFile
  close(): void
}

/** `undefined` when no host runs for the folder. */
export async function connectToHost(directory: string): Promise<HostClient | undefined> {
  const file = await readHostFile(directory)
  if (file === undefined) return undefined
  const socket = new WebSocket(`ws://127.0.0.1:${file.port}/bridge`, {
    headers: { authorization: `Bearer ${file.token}` },
    handshakeTimeout: ANSWERS_WITHIN_MS,
  })
  const isOpen = await new Promise<boolean>(resolve => {
    socket.once('open', () => resolve(true))
    // Nobody listens, or somebody else does: the file is from a host that was killed. Later errors end in a close, which the channel tells.
    socket.on('error', () => resolve(false))
  })
  if (!isOpen) return undefined
  const channel = webSocketChannel({
    send: text => socket.send(text),
    close: () => socket.close(),
    onText: listen => socket.on('message', data => listen((data as Buffer).toString('utf8'))),
    onClose: listen => socket.on('close', listen),
  })
  return { bridge: askOver(contract, channel), file, close: () => socket.close() }
}
