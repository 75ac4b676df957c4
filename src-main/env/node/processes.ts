import { fork, spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Processes, RunningProcess } from '../processes.ts'
import { holderOfPort } from './portHolder.ts'

/** Real processes. Each has a channel to us; when we end, however we end, the channel closes and the process sees it. */
export function nodeProcesses(): Processes {
  let guard: ChildProcess | undefined

  return {
    start(command, listeners): RunningProcess {
      const child = fork(command.entry, command.parameters, {
        execArgv: [...command.nodeOptions],
        env: { ...process.env, ...command.environment },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        // A terminal sends Ctrl-C to the whole group: only the host shall hear it, and stop its brokers in order.
        detached: true,
      })
      const pid = child.pid
      if (pid === undefined) {
        // A refused start is told by an event; without a listener it would end this process.
        child.on('error', error => listeners.line(error.message))
        throw new Error(`The system did not start ${command.entry}`)
      }
      for (const stream of [child.stdout, child.stderr]) {
        if (stream === null) continue
        stream.on('error', error => listeners.line(error.message))
        createInterface({ input: stream, crlfDelay: Infinity }).on('line', line => listeners.line(line))
      }
      child.on('message', message => listeners.message(message))
      child.on('error', error => listeners.line(error.message))
      child.on('close', (exitCode, signal) => listeners.exit({ exitCode, signal }))
      return {
        pid,
        send: message => {
          if (child.connected) child.send(message as object, () => undefined) // a closing channel: the exit is told soon
        },
        signal: signal => {
          if (child.exitCode === null && child.signalCode === null) child.kill(signal)
        },
      }
    },

    thawWhenGone(pids) {
      const before = guard
      guard = pids.length === 0 || process.platform === 'win32' ? undefined : guardOf(pids)
      before?.stdin?.end('done\n') // after the new one stands: were we killed in between, one of them wakes the sleepers
    },

    holderOfPort,
  }
}

/** A shell that outlives us if need be: its `read` ends with our line, or with the end of the pipe when we are gone. */
function guardOf(pids: readonly number[]): ChildProcess {
  const script = `read -r word; [ "$word" = done ] || kill -CONT ${pids.join(' ')} 2>/dev/null`
  const guard = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, cwd: '/' })
  guard.on('error', () => undefined) // without a shell nothing is guarded; the broker is still ended by every orderly stop
  guard.stdin?.on('error', () => undefined) // it was killed by somebody: as without a shell
  guard.unref()
  if (guard.stdin !== null && 'unref' in guard.stdin) (guard.stdin as { unref(): void }).unref() // a sleeping broker is no reason to stay
  return guard
}
