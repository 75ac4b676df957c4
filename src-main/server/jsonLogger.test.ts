import { describe, expect, it } from 'vitest'
import { describeError, jsonLogger } from './jsonLogger.ts'

function logged(say: (logger: ReturnType<typeof jsonLogger>) => void, least: 'debug' | 'warn' = 'debug'): Record<string, unknown>[] {
  const lines: string[] = []
  say(
    jsonLogger(
      () => 5,
      least,
      line => lines.push(line),
    ),
  )
  for (const line of lines) expect(line).toMatch(/^[^\n]*\n$/)
  return lines.map(line => JSON.parse(line) as Record<string, unknown>)
}

describe('a log line', () => {
  it('is one object on one line', () => {
    expect(logged(logger => logger.info('a\nb', { port: 1, big: 7n }))).toEqual([
      { level: 'info', time: 5, msg: 'a\nb', port: 1, big: '7' },
    ])
  })

  it('is left out when it is less urgent than wanted', () => {
    expect(
      logged(logger => ['debug', 'info', 'warn', 'error'].forEach(level => logger[level as 'info'](level)), 'warn').map(line => line.msg),
    ).toEqual(['warn', 'error'])
  })

  it('keeps its level, time and message, whatever its fields are called', () => {
    expect(logged(logger => logger.child({ time: 1 }).warn('x', { level: 'none', msg: 'y' }))).toEqual([
      { level: 'warn', time: 5, msg: 'x' },
    ])
  })

  it('never throws', () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    expect(logged(logger => logger.error('x', { circle }))).toMatchObject([
      { level: 'error', msg: 'x', unwritable: expect.stringContaining('circle') },
    ])
  })

  it('says what an error was caused by', () => {
    const error = new Error('cannot fetch', { cause: new Error('connection lost') })
    expect(logged(logger => logger.warn('x', { error }))).toMatchObject([
      { error: 'Error: cannot fetch; because of Error: connection lost' },
    ])
  })
})

describe('an error as text', () => {
  it('has the stack only where it is a bug of ours', () => {
    expect(describeError(new TypeError('x is undefined'))).toContain('jsonLogger.test.ts')
    expect(describeError(new Error('disk full'))).toBe('Error: disk full')
  })

  it('names each of several', () => {
    expect(describeError(new AggregateError([new Error('a'), new Error('b')], 'both'))).toBe(
      'AggregateError: both; because of Error: a and Error: b',
    )
  })
})
