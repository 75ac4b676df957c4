// The other end of the machine's ceiling: sends so many bytes to whoever connects, as fast as they are taken.
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'

const CHUNK = Buffer.alloc(1024 * 1024, 'x')

const bytes = Number(process.argv[2])
const server = createServer(socket => {
  server.close()
  void send(socket)
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))

async function send(socket: Socket): Promise<void> {
  for (let left = bytes; left > 0; left -= CHUNK.length) {
    if (!socket.write(CHUNK.subarray(0, Math.min(left, CHUNK.length)))) await once(socket, 'drain')
  }
  socket.end()
}
