import type { Bridge } from '../../src-main/contract/contract.ts'

/** Some operations of the bridge, by subject. */
export type PartialBridge = { readonly [Subject in keyof Bridge]?: Partial<Bridge[Subject]> }

/** For tests: a bridge with these operations. Any other one is a mistake of the test, and says its name. */
export function aBridge(operations: PartialBridge): Bridge {
  return new Proxy({} as Bridge, {
    get: (_, subject: string) =>
      new Proxy(operations[subject as keyof Bridge] ?? {}, {
        get: (known, name: string) => {
          if (name in known) return Reflect.get(known, name) as unknown
          throw new Error(`The test gave no ${subject}.${name}`)
        },
      }),
  })
}

/** For tests: a stream that is fed by hand and ends with its signal. */
export function aStream<Item>() {
  const waiting: Item[] = []
  let wake = () => undefined as void
  let failure: Error | undefined
  return {
    push: (item: Item) => {
      waiting.push(item)
      wake()
    },
    fail: (error: Error) => {
      failure = error
      wake()
    },
    open: async function* (signal: AbortSignal): AsyncGenerator<Item> {
      signal.addEventListener('abort', () => wake())
      while (!signal.aborted) {
        const item = waiting.shift()
        if (item !== undefined) yield item
        else if (failure) {
          const thrown = failure
          failure = undefined
          throw thrown
        } else await new Promise<void>(resolve => (wake = resolve))
      }
    },
  }
}
