// Hears from its parent what is to be cleaned up, and does it when the parent is gone.
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'

const guarded = new Set<string>()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)

for await (const line of createInterface(process.stdin)) {
  const [, verb, what] = /^(guard|leave) (.*)$/.exec(line) ?? []
  if (what === undefined) continue
  if (verb === 'guard') guarded.add(what)
  else guarded.delete(what)
}

const names = (kind: string) => [...guarded].filter(each => each.startsWith(`${kind} `)).map(each => each.slice(kind.length + 1))
for (const pid of names('process')) {
  try {
    process.kill(Number(pid), 'SIGKILL')
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code !== 'ESRCH') throw problem // it has ended by itself
  }
}
for (const folder of names('folder')) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
