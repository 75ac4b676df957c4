import { describe, expect, it } from 'vitest'
import { InvalidFilter } from '../../admin/search/invalidFilter.ts'
import { TooSlow, VALUE_MAY_BE_JSON } from '../../admin/search/predicate.ts'
import { openPredicateSandbox } from './predicateSandbox.ts'

/** Asks about one record after the other, all in one question. */
function verdictsOf(source: string, ...values: (string | null)[]) {
  return openPredicateSandbox(source).ask({
    partition: 3,
    records: values.length,
    numbers: values.flatMap((value, index) => [index, 1_700_000_000_000 + index, value === null ? 0 : VALUE_MAY_BE_JSON, 0]),
    texts: values.flatMap(value => [null, value]),
  })
}
const isTrue = (source: string) => verdictsOf(source, '{"a":1}')

describe('a predicate', () => {
  it('is an expression over what JSON makes of a record', () => {
    expect(verdictsOf('value.total > 10', '{"total":11}', '{"total":10}', '{"total":"12"}')).toEqual({ verdicts: 'yny', problem: null })
  })

  it('is the body of a function, too', () => {
    expect(verdictsOf('const { n } = value\nif (n === 1) return true\nreturn n > 5', '{"n":1}', '{"n":2}', '{"n":6}').verdicts).toBe('yny')
  })

  it('sees text where there is no JSON, null where there is nothing, and where the record lies', () => {
    expect(verdictsOf('value === "plain" || value === null', 'plain', null, 'other').verdicts).toBe('yyn')
    expect(verdictsOf('partition === 3 && offset === 1 && timestamp === 1700000000001 && key === null', 'a', 'b').verdicts).toBe('ny')
  })

  it('sees integers beyond 2^53 to the last digit, as BigInt, and all others as numbers', () => {
    const close = ['{"id":9007199254740992}', '{"id":9007199254740993}', '{"id":9007199254740994}']
    expect(verdictsOf('value.id === 9007199254740993n', ...close).verdicts).toBe('nyn')
    expect(verdictsOf('value.id > 9007199254740992n && value.id < 1e16', ...close).verdicts).toBe('nyy')
    expect(
      verdictsOf('value.id === 9007199254740991 && value.x === 0.1234567890123456', '{"id":9007199254740991,"x":0.1234567890123456}')
        .verdicts,
    ).toBe('y')
    expect(verdictsOf('value[1] === -12345678901234567890n', '["9007199254740993",-12345678901234567890]').verdicts).toBe('y')
    expect(verdictsOf('typeof value === "string"', '12345678901234567 8').verdicts).toBe('y')
    expect(verdictsOf('value === 12345678901234567n', '12345678901234567').verdicts).toBe('y')
  })

  it('writes such an integer into JSON as it was', () => {
    expect(verdictsOf('JSON.stringify(value) === String.raw`{"id":9007199254740993}`', '{"id":9007199254740993}')).toEqual({
      verdicts: 'y',
      problem: null,
    })
  })

  it('reads what is nested deeper than each value can be looked at, with rounded integers', () => {
    const depth = 20_000
    const deep = `${'['.repeat(depth)}12345678901234567${']'.repeat(depth)}`
    expect(verdictsOf('Array.isArray(value)', deep).verdicts).toBe('y')
  })

  it('may throw: that costs the record and is told', () => {
    expect(verdictsOf('value.a.b.c', '{}', '{"a":{"b":{"c":1}}}')).toEqual({
      verdicts: 'fy',
      problem: expect.stringContaining('Cannot read properties') as string,
    })
  })

  it('knows dates, but not the time', () => {
    expect(isTrue('new Date(timestamp).getUTCFullYear() === 2023 && Date.UTC(2020) > 0').verdicts).toBe('y')
    for (const source of [
      'new Date()',
      'Date()',
      'Math.random()',
      'Date.now()',
      'Reflect.construct(Date, [])',
      'new (new Date(0).constructor)()',
    ])
      expect(isTrue(source).verdicts, source).toBe('f')
  })

  it('remembers nothing from one record to the next', () => {
    for (const source of [
      'globalThis.n = 1',
      'Object.prototype.n = 1',
      'n = 1',
      'Array.prototype.map = 1',
      'JSON.parse = () => 1',
      'String.prototype.x = 1',
    ])
      expect(isTrue(source).verdicts, source).toBe('f')
    expect(verdictsOf('/a/.test("a") && RegExp.lastMatch', 'x').verdicts).toBe('n')
  })

  it.each(['value ===', 'return }', '}) || (() => {', 'import("fs")', 'import /* x */ ("fs")', 'import\n("fs")', 'import.meta', 'await 1'])(
    'is refused when it is no JavaScript, or wants to import: %s',
    source => {
      expect(() => openPredicateSandbox(source)).toThrow(InvalidFilter)
    },
  )
})

describe('what a predicate reaches', () => {
  it.each([
    'process',
    'require',
    'module',
    'fetch',
    'setTimeout',
    'queueMicrotask',
    'console',
    'eval',
    'Function',
    'WebAssembly',
    'SharedArrayBuffer',
    'Atomics',
    'ArrayBuffer',
    'Uint8Array',
    'Promise',
    'performance',
    'Intl',
    'structuredClone',
    'Buffer',
    'global',
    'WeakRef',
  ])('is not %s', name => {
    expect(isTrue(`typeof ${name} === 'undefined'`)).toEqual({ verdicts: 'y', problem: null })
    expect(isTrue(`!('${name}' in globalThis)`).verdicts).toBe('y')
  })

  /** Each would be true had it got out. */
  it.each([
    `this?.constructor.constructor('return process')()`,
    `({}).constructor.constructor('return process')()`,
    `(() => {}).constructor('return process')()`,
    `(async () => {}).constructor('return process')()`,
    `(function* () {}).constructor('return process')().next().value`,
    `key.constructor.constructor('return 1')()`,
    `headers.constructor.constructor('return process')()`,
    `value.constructor.constructor('return process')()`,
    `(function () { return arguments.callee.caller })()`,
    `Reflect.ownKeys(globalThis).map(name => globalThis[name]).some(each => { try { return each.constructor('return process')() } catch { return false } })`,
    `(() => { Error.prepareStackTrace = (_, frames) => frames; return new Error('x').stack[0].getThis() })()`,
    `(() => { Error.stackTraceLimit = 10; return new Error('x').stack })()`,
    `new Error('x').stack`,
    `(() => { try { null.x } catch (problem) { return problem.stack || problem.constructor !== TypeError } })()`,
    `(() => { const deep = () => { try { deep() } catch (problem) { if (!(problem instanceof RangeError)) throw problem; return problem.constructor !== RangeError } return false }; return deep() })()`,
    `(() => { let found = false; const dig = () => { try { new Error('x').stack; dig() } catch (problem) { found ||= problem.constructor.constructor !== (() => {}).constructor } }; dig(); return found })()`,
    `(() => { const p = (async () => {})(); return p.constructor.constructor('return process')() })()`,
    `new Proxy({}, { get: (target, name, self) => self }).constructor.constructor('return process')()`,
    `trilogAsk.box || trilogAsk.caller || trilogAsk.arguments`,
    `trilogAsk.constructor('return process')()`,
    `JSON.parse.constructor('return process')()`,
  ])('is nothing through %s', source => {
    expect(isTrue(source).verdicts).toMatch(/^[nf]$/)
  })

  it('does not run what it returns', () => {
    expect(isTrue('({ toString() { throw 1 }, valueOf() { throw 2 }, [Symbol.toPrimitive]() { throw 3 } })').verdicts).toBe('y')
    expect(isTrue('({ get then() { throw new Error("then") } })')).toEqual({ verdicts: 'f', problem: 'then' })
    expect(isTrue('(async () => true)()')).toEqual({ verdicts: 'f', problem: 'A predicate cannot be asynchronous' })
    expect(isTrue('(() => { throw { get message() { throw 1 }, toString() { throw 2 } } })()')).toEqual({
      verdicts: 'f',
      problem: 'the predicate failed',
    })
    expect(isTrue('(() => { throw new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } }) })()').verdicts).toBe('f')
  })
})

describe('a predicate that does not end', () => {
  it.each([
    'while (true);',
    '(function () { for (;;) try { for (;;); } catch {} finally { for (;;); } })()',
    '/^(a+)+$/.test("a".repeat(50) + "b")',
    '(async () => { for (;;) await 1 })()',
    '(async () => { for (;;) await 1 })(); return true',
    '({ get then() { for (;;); } })',
    '(() => { throw { get message() { for (;;); } } })()',
  ])('is stopped: %s', source => {
    expect(() => isTrue(source)).toThrow(TooSlow)
  })
})
