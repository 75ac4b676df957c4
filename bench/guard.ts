import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Writable } from 'node:stream'

/** The guardian's ear, once there is something to guard. */
let guardian: Writable | undefined

/**
 * From now on a process or a folder of this benchmark goes when the benchmark does, however that ends: a process of its own waits for our end, because
 * nobody who is killed can clean up. What has gone in order is called off, for its number may soon be another's.
 */
export function guard(what: 'process' | 'folder', name: number | string): { callOff: () => void } {
  guardian ??= startGuardian()
  const to = guardian
  to.write(`guard ${what} ${name}\n`)
  return { callOff: () => void to.write(`leave ${what} ${name}\n`) }
}

function startGuardian(): Writable {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'guardian.ts')], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // out of reach of the Ctrl-C that ends us
  })
  child.unref()
  ;(child.stdin as Writable & { unref?: () => void }).unref?.()
  return child.stdin
}

/** A guarded child process; `ended` resolves when it is gone. */
export function spawnGuarded(
  command: string,
  args: readonly string[],
  stdio: readonly ('ignore' | 'pipe' | number)[],
): { readonly child: ChildProcess; readonly pid: number; readonly ended: Promise<void> } {
  const child = spawn(command, args, { stdio: [...stdio] })
  if (child.pid === undefined) throw new Error(`${command} could not be started`)
  const { callOff } = guard('process', child.pid)
  const ended = once(child, 'exit').then(callOff)
  return { child, pid: child.pid, ended }
}
