import { readFile } from 'node:fs/promises'
import { WebSocket } from 'ws'
import { webSocketChannel } from '../../bridge/webSocketChannel.ts'
import { askOver } from '../../contract/asker.ts'
import { contract, type Bridge } from '../../contract/contract.ts'
import { hostFilePath, type HostFile } from '../host.ts'

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
  const socket = new WebSocket(`ws://127.0.0.1:${file.port}/bridge`, { headers: { authorization: `Bearer ${file.token}` } })
  const opened = await new Promise<boolean>(resolve => {
    socket.once('open', () => resolve(true))
    socket.once('error', () => resolve(false)) // nobody listens, or somebody else does: the file is from a host that was killed
  })
  if (!opened) return undefined
  socket.on('error', () => socket.terminate())
  const channel = webSocketChannel({
    send: text => socket.send(text),
    close: () => socket.close(),
    onText: listen => socket.on('message', data => listen((data as Buffer).toString('utf8'))),
    onClose: listen => socket.on('close', listen),
  })
  return { bridge: askOver(contract, channel), file, close: () => socket.close() }
}

async function readHostFile(directory: string): Promise<HostFile | undefined> {
  try {
    return JSON.parse(await readFile(hostFilePath(directory), 'utf8')) as HostFile
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}
