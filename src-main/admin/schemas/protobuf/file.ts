import protobuf from 'protobufjs'
import { SchemaProblem } from '../schemaProblem.ts'

/** A `.proto` text and the name under which others import it. */
export interface ProtoText {
  readonly name: string
  readonly text: string
}

/** The messages of one `.proto` file, and all that they are made of. */
export class ProtoFile {
  /** Full names of the file's messages without a dot in front, those inside others behind them. */
  readonly messages: readonly string[]
  readonly #root: protobuf.Root
  readonly #indexes: ReadonlyMap<string, readonly number[]>

  /**
   * `imports`: what the file may import, by whatever name it does. Google's own types need not be among them, and what only options use may be missing.
   */
  constructor(text: string, imports: readonly ProtoText[] = []) {
    this.#indexes = new Map(messagesOf(parsed('The schema', text, new protobuf.Root())))
    this.messages = [...this.#indexes.keys()]
    this.#root = new protobuf.Root()
    new Loader(this.#root, imports).add('', text)
    try {
      this.#root.resolveAll()
    } catch (problem) {
      throw new SchemaProblem('schema', `The schema cannot be put together: ${reasonOf(problem)}`)
    }
  }

  /** The message that the wire format's indexes mean. */
  messageAt(indexes: readonly number[]): protobuf.Type {
    const wanted = indexes.join()
    for (const [name, path] of this.#indexes) if (path.join() === wanted) return this.message(name)
    throw new SchemaProblem('data', `The schema has no message at [${indexes.join(', ')}]`)
  }

  /** By its full name, or its last part when that is enough. */
  message(name: string): protobuf.Type {
    const full = this.messages.find(each => each === name) ?? this.messages.find(each => each.endsWith(`.${name}`))
    if (full === undefined) throw new SchemaProblem('schema', `The schema has no message ${name}`)
    return this.#root.lookupType(full)
  }

  indexesOf(name: string): readonly number[] {
    return this.#indexes.get(name) ?? []
  }

  /** Of this file, or of what it imports. */
  anyMessage(fullName: string): protobuf.Type | undefined {
    const found = this.#root.lookup(fullName)
    return found instanceof protobuf.Type ? found : undefined
  }
}

interface Parsed {
  readonly root: protobuf.Root
  readonly space: protobuf.NamespaceBase
  readonly imports: readonly string[]
}

function parsed(what: string, text: string, root: protobuf.Root): Parsed {
  try {
    const result = protobuf.parse(text, root, { keepCase: true })
    const space = result.package === undefined ? root : (root.lookup(result.package) as protobuf.NamespaceBase | null)
    return { root, space: space ?? root, imports: [...(result.imports ?? []), ...(result.weakImports ?? [])] }
  } catch (problem) {
    throw new SchemaProblem('schema', `${what} is no .proto text: ${reasonOf(problem)}`)
  }
}

/** In the order of the file, as the indexes count them. Entries of maps, which are messages on the wire, are not counted: Java's serializer does not. */
function messagesOf({ space }: Parsed): [string, readonly number[]][] {
  const below = (parent: protobuf.NamespaceBase, path: readonly number[]): [string, readonly number[]][] =>
    parent.nestedArray
      .filter(each => each instanceof protobuf.Type)
      .flatMap((type, n) => [[type.fullName.slice(1), [...path, n]] as [string, readonly number[]], ...below(type, [...path, n])])
  return below(space, [])
}

/** Of Google's descriptor.proto what files extend with options of their own, which is what they import it for. */
const OPTIONS = ['File', 'Message', 'Field', 'Oneof', 'Enum', 'EnumValue', 'Service', 'Method', 'ExtensionRange']
const EXTRA: readonly ProtoText[] = [
  {
    name: 'google/protobuf/descriptor.proto',
    text: `syntax = "proto2"; package google.protobuf; ${OPTIONS.map(of => `message ${of}Options { extensions 1000 to max; }`).join(' ')}`,
  },
]

/** Adds files to a root, each once, with what they import. */
class Loader {
  readonly #root: protobuf.Root
  readonly #texts: readonly ProtoText[]
  readonly #added = new Set<string>()

  constructor(root: protobuf.Root, texts: readonly ProtoText[]) {
    this.#root = root
    this.#texts = texts
  }

  add(name: string, text: string): void {
    const { imports } = parsed(name === '' ? 'The schema' : name, text, this.#root)
    for (const imported of imports) {
      if (this.#added.has(imported)) continue
      this.#added.add(imported)
      const found = this.#find(imported) ?? EXTRA.find(({ name }) => name === imported)
      // One that is missing may not be needed: when it is, a name cannot be resolved, which says what is wrong better than its file's name does.
      const known = protobuf.common.get(imported)
      if (found !== undefined) this.add(imported, found.text)
      else if (known?.nested) this.#root.addJSON(known.nested)
    }
  }

  #find(imported: string): ProtoText | undefined {
    return (
      this.#texts.find(({ name }) => name === imported) ??
      this.#texts.find(({ name }) => name.endsWith(`/${imported}`) || imported.endsWith(`/${name}`))
    )
  }
}

const reasonOf = (problem: unknown) => (problem instanceof Error ? problem.message.replace(/\.$/, '') : String(problem))
