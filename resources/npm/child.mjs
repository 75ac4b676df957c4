// Children and their ends: signals go down once, exit statuses come up. Plain JavaScript for Node 20 and later.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** One Ctrl-C may arrive twice, from the terminal and from npm; later ones are meant. */
const SAME_KEYPRESS_MS = 1000

/** A signal to npm alone ends the shell between npm and us without a word: that our parent is another one is all there is to see. */
const PARENT_CHECK_MS = 500

/**
 * Runs a program to its end and resolves to its exit status (128 + n when signal n ended it).
 *
 * With `alone` the child is out of the terminal's reach, in a process group of its own: an interrupt comes through here, exactly once. A second
 * one, a second or more later, ends the child at once. When whoever started this process is gone, the child is interrupted too; when this process
 * is gone, the child sees its IPC channel close.
 * Without `alone` the child shares the terminal, and whatever reaches only this process is passed on.
 */
export function run(command, args, { alone = false, quiet = false, timeoutMs, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const output = quiet ? 'ignore' : 'inherit'
    const child = spawn(command, args, {
      ...options,
      stdio: alone ? ['ignore', output, output, 'ipc'] : [quiet ? 'ignore' : 'inherit', output, output],
      detached: alone && process.platform !== 'win32',
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs, killSignal: 'SIGKILL' }),
    })

    let interruptedAt
    const pass = signal => {
      const now = Date.now()
      if (interruptedAt === undefined) child.kill(signal)
      else if (alone && now - interruptedAt > SAME_KEYPRESS_MS) child.kill('SIGKILL')
      interruptedAt ??= now
    }
    const parent = process.ppid
    const parentCheck = setInterval(() => {
      if (!alone || process.ppid === parent) return
      clearInterval(parentCheck)
      if (interruptedAt === undefined) pass('SIGTERM')
    }, PARENT_CHECK_MS)
    const listeners = SIGNALS.map(signal => [signal, () => pass(signal)])
    for (const [signal, listener] of listeners) process.on(signal, listener)
    const done = () => {
      clearInterval(parentCheck)
      for (const [signal, listener] of listeners) process.off(signal, listener)
    }

    child.once('error', failure => {
      done()
      reject(failure)
    })
    child.once('exit', (code, signal) => {
      done()
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
}
