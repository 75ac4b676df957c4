import { defineStore } from 'pinia'
import { computed, onScopeDispose, shallowRef } from 'vue'

export const COMMAND_KINDS = ['screen', 'action', 'topic', 'group', 'broker'] as const
export type CommandKind = (typeof COMMAND_KINDS)[number]

/** Something that the command palette can do. */
export interface Command {
  /** The same today and tomorrow: what was used lately is remembered by it. */
  readonly id: string
  readonly kind: CommandKind
  readonly title: string
  /** Other words by which a person may look for it, such as its name in the other language. */
  readonly keywords?: string
  /** Not there in read-only mode. */
  readonly isChange?: boolean
  run(): void
}

/** A source of commands, asked again whenever what it reads has changed. */
export type CommandSource = () => readonly Command[]

/** All that can be done from the keyboard, wherever one is. Views and stores add what they have to offer. */
export const useCommandsStore = defineStore('commands', () => {
  const sources = shallowRef<readonly CommandSource[]>([])
  const commands = computed(() => sources.value.flatMap(source => source()))
  const isOpen = shallowRef(false)

  /** From now on these are offered, until the function that comes back is called. */
  function add(source: CommandSource): () => void {
    sources.value = [...sources.value, source]
    return () => {
      sources.value = sources.value.filter(each => each !== source)
    }
  }
  return { commands, isOpen, add }
})

/** Offers these commands while the component lives. */
export function useCommands(source: CommandSource) {
  onScopeDispose(useCommandsStore().add(source))
}
