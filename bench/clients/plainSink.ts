// One end of the machine's ceiling: reads all that comes from a port, writes it into a file, and says how many bytes a second that were.
import { openSync, writeSync } from 'node:fs'
import { connect } from 'node:net'

const READ_BYTES = 1024 * 1024

const [port, path = ''] = process.argv.slice(2)
const file = openSync(path, 'w')
const startedAt = performance.now()
let bytes = 0
const socket = connect({
  host: '127.0.0.1',
  port: Number(port),
  onread: {
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback: (length, buffer) => {
      for (let at = 0; at < length;) at += writeSync(file, buffer, at, length - at)
      bytes += length
      return true
    },
  },
})
socket.once('close', () => process.send?.(bytes / ((performance.now() - startedAt) / 1_000)))
