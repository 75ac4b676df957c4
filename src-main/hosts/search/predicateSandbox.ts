import { types } from 'node:util'
import { getHeapStatistics } from 'node:v8'
import vm from 'node:vm'
import { InvalidFilter } from '../../admin/search/invalidFilter.ts'
import { type PredicateSandbox, TooMuchMemory, TooSlow } from '../../admin/search/predicate.ts'
import { sandboxSetup } from './sandboxSetup.ts'

/** For the records of one question, of which there are few while they are slow. */
const TIME_LIMIT_MS = 1_500
/** On a busy machine time passes while nothing is computed: then the question is asked once more, with more time. */
const LONGEST_MS = 3_000
/** Above this share of the heap, what takes time is looking for memory. */
const SCARCE_FROM = 0.5
const PARAMETERS = ['key', 'value', 'headers', 'offset', 'partition', 'timestamp']

/**
 * `import` is syntax, so that no missing global keeps anybody from it, and Node answers it with a promise and an error of our own realm. It cannot be
 * written with escapes, and what follows it as an expression begins with one of these, or with a comment.
 */
const IMPORT_EXPRESSION = /\bimport\s*[(./<-]/

interface Box {
  /** Arrays of the predicate's realm. */
  readonly numbers: number[]
  readonly texts: (string | null)[]
  records: number
  partition: number
  verdicts: string
  problem: string
  predicate: unknown
}

/**
 * Compiles a predicate where nothing of ours can be reached. A context of its own, with its own intrinsics, all frozen; of the globals only those that
 * compute; no code from strings; promises are settled, or given up, before each answer. Only text and numbers cross the border: what is asked is put
 * into a box that the predicate cannot see, made inside, without a prototype, and the answer is a text in the same box.
 */
export function openPredicateSandbox(source: string): PredicateSandbox {
  if (IMPORT_EXPRESSION.test(source)) throw new InvalidFilter('a predicate cannot import anything')
  const context = vm.createContext(vm.constants.DONT_CONTEXTIFY, {
    codeGeneration: { strings: false, wasm: false },
    microtaskMode: 'afterEvaluate',
  })
  const box = new vm.Script(sandboxSetup, { filename: 'sandbox' }).runInContext(context) as Box
  box.predicate = compiled(source, context)
  const ask = new vm.Script('trilogAsk()', { filename: 'ask' })
  return {
    ask: ({ partition, records, numbers, texts }) => {
      box.partition = partition
      box.records = records
      refill(box.numbers, numbers)
      refill(box.texts, texts)
      for (let timeout = TIME_LIMIT_MS; !answersWithin(timeout, () => ask.runInContext(context, { timeout })); timeout *= 2) {
        if (timeout * 2 > LONGEST_MS) throw new TooSlow()
      }
      const { verdicts, problem } = box
      if (typeof verdicts !== 'string' || typeof problem !== 'string') throw new Error('A predicate broke its sandbox.')
      return { verdicts, problem: problem === '' ? null : problem }
    },
  }
}

/** Element by element: the array of one realm is not for the other to see. Nobody can have put a setter in the way, all prototypes are frozen. */
function refill<T extends string | number | null>(array: T[], values: readonly T[]): void {
  array.length = 0
  for (let index = 0; index < values.length; index++) array[index] = values[index]!
}

/** An expression if it can be one, otherwise the body of a function; what is wrong with that is what the person is told. */
function compiled(source: string, context: vm.Context): unknown {
  const [, expression] = tried(`return (${source}\n)`, context)
  if (expression !== undefined) return expression
  const [problem, body] = tried(source, context)
  if (body === undefined) throw new InvalidFilter(problem)
  return body
}

function tried(body: string, context: vm.Context): [problem: string, compiled: unknown] {
  try {
    return ['', vm.compileFunction(`"use strict"; ${body}`, PARAMETERS, { parsingContext: context, filename: 'predicate' })]
  } catch (problem) {
    // An error of the other realm; nobody has run anything in there yet that could have changed what its message is.
    return [types.isNativeError(problem) ? problem.message : 'this is no JavaScript', undefined]
  }
}

/** False when there was not as much time as it seemed. Throws `TooSlow` or `TooMuchMemory` when there was. */
function answersWithin(timeoutMs: number, ask: () => void): boolean {
  const cpuBefore = process.cpuUsage()
  try {
    ask()
    return true
  } catch (problem) {
    if (!isTimeout(problem)) throw new Error('A predicate broke its sandbox.')
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
    if (used > limit * SCARCE_FROM) throw new TooMuchMemory()
    const { user, system } = process.cpuUsage(cpuBefore)
    if ((user + system) / 1000 >= timeoutMs * 0.8) throw new TooSlow()
    return false
  }
}

/** Without running anything of the thing that was thrown. */
function isTimeout(problem: unknown): boolean {
  if (!types.isNativeError(problem)) return false
  return Object.getOwnPropertyDescriptor(problem, 'code')?.value === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
}

/**
 * A second wall, in the process that does nothing else: were an object of this realm ever to get into the sandbox, it would not lead from there to a
 * constructor of functions, and through that to everything.
 */
export function closeDoors(): void {
  const functions = [function () {}, async function () {}, function* () {}, async function* () {}]
  for (const each of functions) {
    const prototype = Object.getPrototypeOf(each) as object
    Object.defineProperty(prototype, 'constructor', { value: undefined, writable: false, configurable: false })
  }
  Object.defineProperty(Error, 'prepareStackTrace', { value: undefined, writable: false, configurable: false })
}
