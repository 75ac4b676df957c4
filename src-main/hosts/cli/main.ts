import { defaultDirectory } from '../host.ts'
import { parseCommandLine, usageOf, UsageError, type Command } from './commandLine.ts'
import { dump } from './dump.ts'
import { down, link, status, verb } from './running.ts'
import { up } from './up.ts'

// A reader that is gone (`trilog up | head -1`) is no reason to leave the brokers without their host.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)

function run(command: Command): Promise<number> {
  switch (command.command) {
    case 'up':
      return up(command)
    case 'status':
      return status(command)
    case 'link':
      return link(command)
    case 'down':
      return down(command)
    case 'dump':
      return dump(command)
    case 'stop':
    case 'kill':
    case 'pause':
    case 'resume':
    case 'restart':
      return verb(command)
    case 'help':
      process.stdout.write(usageOf(command.about))
      return Promise.resolve(0)
  }
}

try {
  process.exitCode = await run(parseCommandLine(process.argv.slice(2), defaultDirectory()))
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`trilog: ${error.message}\n\n${usageOf(process.argv[2])}`)
    process.exitCode = 2
  } else {
    process.stderr.write(`trilog: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
