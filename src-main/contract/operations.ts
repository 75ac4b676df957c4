import type { z } from 'zod'

/** A question with one answer. */
export interface Call<In extends z.ZodType, Out extends z.ZodType> {
  readonly kind: 'call'
  readonly input: In
  readonly output: Out
}

/** A question whose answers keep coming until the asker stops or the source ends. */
export interface Stream<In extends z.ZodType, Item extends z.ZodType> {
  readonly kind: 'stream'
  readonly input: In
  readonly item: Item
}

export const call = <In extends z.ZodType, Out extends z.ZodType>(input: In, output: Out): Call<In, Out> => ({
  kind: 'call',
  input,
  output,
})

export const stream = <In extends z.ZodType, Item extends z.ZodType>(input: In, item: Item): Stream<In, Item> => ({
  kind: 'stream',
  input,
  item,
})

export type Operation = Call<z.ZodType, z.ZodType> | Stream<z.ZodType, z.ZodType>
/** One subject: its operations by name. */
export type Operations = Readonly<Record<string, Operation>>
/** All subjects by name: what the whole bridge carries. */
export type Contract = Readonly<Record<string, Operations>>

/** What a subject looks like as an object: main implements it, the renderer holds one of the very same type. */
export type Served<S extends Operations> = {
  [K in keyof S]: S[K] extends Call<infer In, infer Out>
    ? (input: z.output<In>) => Promise<z.output<Out>>
    : S[K] extends Stream<infer In, infer Item>
      ? (input: z.output<In>, signal: AbortSignal) => AsyncIterable<z.output<Item>>
      : never
}

/** All subjects as objects. */
export type ServedContract<C extends Contract> = { readonly [K in keyof C]: Served<C[K]> }
