import { spawn } from 'node:child_process'
import { findPython, onPath } from '../../resources/npm/programs.mjs'
import { guard } from '../guard.ts'

/** Clients that nobody here wrote, as far as the machine has them. */
export const kcat = onPath('kcat')
export const python = findPython('confluent_kafka')

const PATIENCE_MS = 300_000

/** Runs a client to its end; resolves to what it printed. Fails when it does. */
export function runClient(command: string, args: readonly string[], { keepOutput = true } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', keepOutput ? 'pipe' : 'ignore', 'pipe'],
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
    })
    const said: Buffer[] = []
    const complaints: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => said.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk))
    const guarded = child.pid === undefined ? undefined : guard('process', child.pid)
    child.once('error', reject)
    child.once('close', (status, signal) => {
      guarded?.callOff()
      if (status === 0) resolve(Buffer.concat(said).toString())
      else reject(new Error(`${command} ended with ${status ?? signal}: ${Buffer.concat(complaints).toString().slice(-2_000)}`))
    })
  })
}
