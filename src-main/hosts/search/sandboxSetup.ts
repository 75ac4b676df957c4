/**
 * What runs first in a predicate's realm, as text: a function would be compiled in ours. Takes away every global that does not only compute, and
 * every source of chance and time; freezes what is left, so that no record can change how the next one is judged; gives back the box.
 *
 * Errors keep no stack: making one would call into our realm, which a predicate could let fail there on purpose.
 */
export const sandboxSetup = `
'use strict';
(() => {
  const kept = new Set([
    'globalThis', 'Infinity', 'NaN', 'undefined', 'isFinite', 'isNaN', 'parseFloat', 'parseInt',
    'decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent', 'escape', 'unescape',
    'Object', 'Array', 'String', 'Number', 'Boolean', 'BigInt', 'Symbol', 'Math', 'JSON', 'Date', 'RegExp',
    'Map', 'Set', 'WeakMap', 'WeakSet', 'Iterator', 'Reflect', 'Proxy',
    'Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError', 'AggregateError',
  ])
  const { ownKeys, getPrototypeOf, getOwnPropertyDescriptor, defineProperty, deleteProperty, apply } = Reflect
  const { freeze } = Object
  for (const name of ownKeys(globalThis)) if (!kept.has(name)) deleteProperty(globalThis, name)
  for (const name of ['stackTraceLimit', 'captureStackTrace', 'prepareStackTrace']) deleteProperty(Error, name)
  deleteProperty(Math, 'random')
  // What the last match was is remembered there, from one record to the next.
  for (const name of ownKeys(RegExp)) if (typeof name === 'string' && !['length', 'name', 'prototype', 'escape'].includes(name)) deleteProperty(RegExp, name)

  const RealDate = Date
  const KnownDate = function Date(...given) {
    if (new.target === undefined || given.length === 0) throw new TypeError('A predicate knows no time but that of records')
    return Reflect.construct(RealDate, given, new.target)
  }
  KnownDate.prototype = RealDate.prototype
  KnownDate.UTC = RealDate.UTC
  KnownDate.parse = RealDate.parse
  defineProperty(RealDate.prototype, 'constructor', { value: KnownDate })
  defineProperty(globalThis, 'Date', { value: KnownDate })

  const parse = JSON.parse
  const slice = String.prototype.slice
  const box = { __proto__: null, numbers: [], texts: [], records: 0, partition: 0, verdicts: '', problem: '', predicate: undefined }

  const messageOf = thrown => {
    try {
      if (typeof thrown === 'object' && thrown !== null && typeof thrown.message === 'string') return apply(slice, thrown.message, [0, 300])
      return apply(slice, String(thrown), [0, 300])
    } catch {
      return 'the predicate failed'
    }
  }

  // An integer that a number would round is a BigInt, and in JSON it is its digits again.
  const { test } = RegExp.prototype
  const { isSafeInteger } = Number
  const { rawJSON } = JSON
  const RealBigInt = BigInt
  const mayHoldLargeInteger = /\\d{16}/
  const isInteger = /^-?\\d+$/
  const exact = (name, value, context) =>
    typeof value === 'number' && !isSafeInteger(value) && apply(test, isInteger, [context.source]) ? RealBigInt(context.source) : value
  defineProperty(BigInt.prototype, 'toJSON', { value: function toJSON() { return rawJSON(\`\${this}\`) } })

  const read = text => {
    if (apply(test, mayHoldLargeInteger, [text])) {
      try {
        return parse(text, exact)
      } catch {
        // No JSON, or nested deeper than a look at each of its values can go.
      }
    }
    try {
      return parse(text)
    } catch {
      return text
    }
  }

  const ask = () => {
    box.verdicts = ''
    box.problem = ''
    const { numbers, texts, records, partition, predicate } = box
    let place = 0
    let textPlace = 0
    let verdicts = ''
    let problem = ''
    for (let record = 0; record < records; record++) {
      const offset = numbers[place++]
      const timestamp = numbers[place++]
      const mayBeJson = numbers[place++]
      const key = texts[textPlace++]
      const value = texts[textPlace++]
      const headers = {}
      for (let left = numbers[place++]; left > 0; left--) {
        const name = texts[textPlace++]
        defineProperty(headers, name, { value: texts[textPlace++], enumerable: true, configurable: true, writable: true })
      }
      try {
        const verdict = predicate(mayBeJson & 1 ? read(key) : key, mayBeJson & 2 ? read(value) : value, headers, offset, partition, timestamp)
        if (typeof verdict === 'object' && verdict !== null && typeof verdict.then === 'function') {
          throw new TypeError('A predicate cannot be asynchronous')
        }
        verdicts += verdict ? 'y' : 'n'
      } catch (thrown) {
        verdicts += 'f'
        if (problem === '') problem = messageOf(thrown) || 'the predicate failed'
      }
    }
    box.verdicts = verdicts
    box.problem = problem
  }

  const seen = new Set()
  const harden = value => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return
    seen.add(value)
    freeze(value)
    harden(getPrototypeOf(value))
    for (const name of ownKeys(value)) {
      const { value: held, get, set } = getOwnPropertyDescriptor(value, name)
      harden(held)
      harden(get)
      harden(set)
    }
  }
  const unnamed = [
    function () {}, async function () {}, function* () {}, async function* () {}, (async () => {})(),
    [].values(), ''[Symbol.iterator](), new Map().entries(), new Set().values(), ''.matchAll(/x/g), [].values().map(each => each),
  ]
  for (const each of unnamed) harden(getPrototypeOf(each))
  defineProperty(globalThis, 'trilogAsk', { value: ask })
  harden(globalThis)
  return box
})()
`
