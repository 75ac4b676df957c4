import { shallowRef, watch, type ShallowRef } from 'vue'
import type { z } from 'zod'

/**
 * A value that this machine remembers under a key, another one when the key changes. What is stored is a stranger's: anything that does not fit the
 * schema counts as nothing. Replace the value; a storage that is full or forbidden costs the memory, not the screen.
 */
export function useRemembered<Schema extends z.ZodType>(
  key: () => string,
  schema: Schema,
  otherwise: () => z.output<Schema>,
): ShallowRef<z.output<Schema>> {
  const value = shallowRef(read()) as ShallowRef<z.output<Schema>>
  function read(): z.output<Schema> {
    const stored = schema.safeParse(parsed(localStorage.getItem(key())))
    return stored.success ? stored.data : otherwise()
  }
  let isLoading = false
  watch(
    key,
    () => {
      isLoading = true
      value.value = read()
      isLoading = false
    },
    { flush: 'sync' },
  )
  watch(
    value,
    now => {
      if (isLoading) return
      try {
        localStorage.setItem(key(), JSON.stringify(now))
      } catch (error) {
        if (!(error instanceof DOMException)) throw error
      }
    },
    { flush: 'sync' },
  )
  return value
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text)
  } catch {
    return null
  }
}
