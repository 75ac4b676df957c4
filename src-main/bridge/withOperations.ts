import type { Contract, Operation, ServedContract } from '../contract/operations.ts'

/** What serves one operation: a promise for a call, an async iterable for a stream. */
export type Serve = (input: unknown, signal: AbortSignal) => unknown

export interface NamedOperation {
  readonly subject: string
  readonly name: string
  readonly kind: Operation['kind']
}

/** The same services, each operation of which is served by what `wrap` makes of it. */
export function withOperations<C extends Contract>(
  contract: C,
  services: ServedContract<C>,
  wrap: (operation: NamedOperation, serve: Serve) => Serve,
): ServedContract<C> {
  const subjects = Object.entries(contract).map(([subject, operations]) => {
    const service = services[subject] as unknown as Readonly<Record<string, Serve>>
    const served = Object.entries(operations).map(([name, { kind }]) => [name, wrap({ subject, name, kind }, service[name]!.bind(service))])
    return [subject, Object.fromEntries(served)]
  })
  return Object.fromEntries(subjects) as ServedContract<C>
}
