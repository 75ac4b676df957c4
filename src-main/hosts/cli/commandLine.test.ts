import { describe, expect, it } from 'vitest'
import { parseCommandLine, upOptionsAmong, UsageError, usageOf } from './commandLine.ts'

const parse = (line: string) => parseCommandLine(line === '' ? [] : line.split(' '), '/default')

describe('the command line', () => {
  it('starts what the usual folder has when told nothing', () => {
    expect(parse('up')).toMatchObject({
      command: 'up',
      brokers: undefined,
      directory: '/default',
      port: undefined,
      webPort: 0,
      settings: {},
      detach: false,
      json: false,
    })
  })

  it('reads every option of up', () => {
    expect(
      parse(
        'up --brokers 1 --log-dirs 2 --data /d --port 0 --web-port 8080 --profile kafka-defaults --set a.b=1 --set c=x=y --detach --json --open --restart-died',
      ),
    ).toEqual({
      command: 'up',
      brokers: 1,
      logDirs: 2,
      directory: '/d',
      port: 0,
      webPort: 8080,
      profile: 'kafka-defaults',
      settings: { 'a.b': '1', c: 'x=y' },
      restartDied: true,
      open: true,
      detach: true,
      json: true,
    })
  })

  it('reads the other commands', () => {
    expect(parse('status --json')).toEqual({ command: 'status', directory: '/default', json: true })
    expect(parse('kill 2 --data /d')).toEqual({ command: 'kill', directory: '/d', brokerIds: [2], wipe: false })
    expect(parse('restart 1 2 1')).toMatchObject({ command: 'restart', brokerIds: [1, 2] })
    expect(parse('restart 3 --wipe')).toEqual({ command: 'restart', directory: '/default', brokerIds: [3], wipe: true })
    expect(parse('down --delete')).toEqual({ command: 'down', directory: '/default', deleteData: true })
    expect(parse('dump a.log --verify b')).toEqual({ command: 'dump', files: ['a.log', 'b'], json: false, verify: true })
    expect(parse('')).toEqual({ command: 'help', about: undefined })
  })

  it('reads what is to happen to a link', () => {
    const cut = { cut: true, delayMs: 0, drop: 0 }
    expect(parse('link 1 2 --cut')).toEqual({ command: 'link', directory: '/default', a: 1, b: 2, fault: cut, oneWay: false })
    expect(parse('link 3 clients --delay 50 --drop 0.1 --one-way')).toMatchObject({
      a: 3,
      b: 'clients',
      fault: { cut: false, delayMs: 50, drop: 0.1 },
      oneWay: true,
    })
    expect(parse('link clients 1 --heal --data /d')).toMatchObject({ directory: '/d', a: 'clients', b: 1, fault: null })
  })

  it('explains one command, or all', () => {
    for (const line of ['dump --help', 'dump -h', 'help dump']) expect(parse(line)).toEqual({ command: 'help', about: 'dump' })
    expect(parse('dump -- -h')).toMatchObject({ command: 'dump', files: ['-h'] })
    expect(usageOf('dump')).toContain('--verify')
    expect(usageOf('dump')).not.toContain('--port')
    for (const all of [undefined, 'destroy']) expect(usageOf(all)).toMatch(/ up .* status .* down .* dump /s)
  })

  it.each([
    'destroy',
    'up --port many',
    'up --port 70000',
    'up --brokers 0',
    'up --log-dirs 0',
    'up --profile fast',
    'up --set novalue',
    'up extra',
    'up --unheard-of',
    'kill',
    'kill two',
    'dump',
    'dump --json',
    'dump a.log --data /d',
    'kill 1 two',
    'restart 1 2 --wipe',
    'stop 1 --wipe',
    'status 1',
    'link 1 --cut',
    'link 1 2',
    'link 1 2 3 --cut',
    'link 1 everybody --cut',
    'link 1 2 --cut --heal',
    'link 1 2 --cut --delay 5',
    'link 1 2 --delay 0',
    'link 1 2 --drop 1',
  ])('refuses `%s` as a usage error', line => {
    expect(() => parse(line)).toThrow(UsageError)
  })

  it('takes of the words a desktop app is started with only its own', () => {
    const words = '--inspect=0 --remote-debugging-port 0 --port 0 --lang=en --set a=b --data=/d %U --gpu --json --web-port'.split(' ')
    expect(upOptionsAmong(words)).toEqual('--port 0 --set a=b --data=/d --json --web-port'.split(' '))
  })
})
