import { MalformedMessage } from '../../protocol/byteReader.ts'
import { MAX_DEPTH, TooDeep } from './bounds.ts'
import { put } from './jsonAble.ts'

/**
 * XML as far as it is data: elements, attributes, text. What a document type declares is never looked at: an entity that it defines stays the reference
 * that it is, so that nothing unfolds.
 */
export interface XmlElement {
  readonly name: string
  readonly attributes: readonly (readonly [name: string, value: string])[]
  readonly children: readonly XmlNode[]
}
/** `verbatim`: a comment, an instruction or a document type, as it is written. */
export type XmlNode = XmlElement | { readonly text: string } | { readonly verbatim: string }

export interface XmlDocument {
  readonly root: XmlElement
  readonly nodes: readonly XmlNode[]
  readonly isCut: boolean
}

const NAME = String.raw`[\p{L}_:][\p{L}\p{N}_:.·-]*`
const START = new RegExp(`<(${NAME})`, 'uy')
const ATTRIBUTE = new RegExp(String.raw`\s+(${NAME})\s*=\s*(?:"([^"<]*)"|'([^'<]*)')`, 'uy')
const START_END = /\s*(\/?)>/y
const END_TAG = new RegExp(String.raw`</(${NAME})\s*>`, 'uy')
const DOCTYPE_PIECE = /[^[\]"'>]+|"[^"]*"|'[^']*'|[[\]>]/y

/** Whether it is worth a try. */
export const looksLikeXml = (text: string): boolean => /^\s*<(?:\?xml\s|!DOCTYPE\s|!--|[\p{L}_:])/u.test(text)

/** `isPart`: the text goes on behind its end. Throws `MalformedMessage` for what is not well-formed, and `TooDeep`. */
export function parseXml(text: string, { parts, isPart = false }: { readonly parts: number; readonly isPart?: boolean }): XmlDocument {
  return new XmlParser(text, parts, isPart).document()
}

interface OpenElement extends XmlElement {
  readonly children: XmlNode[]
}

class XmlParser {
  readonly #text: string
  readonly #isPart: boolean
  readonly #nodes: XmlNode[] = []
  readonly #open: OpenElement[] = []
  #root: XmlElement | undefined
  #at = 0
  #partsLeft: number

  constructor(text: string, parts: number, isPart: boolean) {
    this.#text = text
    this.#partsLeft = parts
    this.#isPart = isPart
  }

  document(): XmlDocument {
    while (this.#at < this.#text.length && this.#partsLeft-- > 0) {
      const isTorn = !this.#node()
      if (isTorn) break
    }
    const isCut = this.#at < this.#text.length || this.#open.length > 0
    if (this.#partsLeft >= 0 && !this.#isPart && isCut)
      this.#fail(this.#open.length > 0 ? `<${this.#open.at(-1)!.name}> is not closed` : 'no end')
    if (this.#root === undefined) this.#fail('there is no element')
    return { root: this.#root, nodes: this.#nodes, isCut }
  }

  /** False at a node that goes on behind the end. */
  #node(): boolean {
    const text = this.#text
    if (text[this.#at] !== '<') return this.#characters()
    if (text.startsWith('</', this.#at)) return this.#endTag()
    if (text.startsWith('<!--', this.#at)) return this.#until('-->', whole => ({ verbatim: whole }))
    if (text.startsWith('<?', this.#at)) return this.#until('?>', whole => ({ verbatim: whole }))
    if (text.startsWith('<![CDATA[', this.#at)) return this.#until(']]>', whole => ({ text: whole.slice(9, -3) }))
    if (text.startsWith('<!DOCTYPE', this.#at)) return this.#doctype()
    return this.#startTag()
  }

  #characters(): boolean {
    const next = this.#text.indexOf('<', this.#at)
    const end = next < 0 ? this.#text.length : next
    const characters = this.#text.slice(this.#at, end)
    if (characters.trim() !== '') {
      if (this.#open.length === 0) this.#fail('text outside of the element')
      this.#add({ text: resolved(characters) })
    }
    this.#at = end
    return true
  }

  #until(end: string, node: (whole: string) => XmlNode): boolean {
    const at = this.#text.indexOf(end, this.#at)
    if (at < 0) return this.#torn(`no ${end}`)
    this.#add(node(this.#text.slice(this.#at, at + end.length)))
    this.#at = at + end.length
    return true
  }

  #doctype(): boolean {
    const begin = this.#at
    let depth = 0
    for (let at = begin + '<!DOCTYPE'.length; ;) {
      DOCTYPE_PIECE.lastIndex = at
      const piece = DOCTYPE_PIECE.exec(this.#text)?.[0]
      if (piece === undefined) return this.#torn('a document type without an end')
      at += piece.length
      if (piece === '[') depth += 1
      else if (piece === ']') depth -= 1
      else if (piece === '>' && depth <= 0) {
        this.#add({ verbatim: this.#text.slice(begin, at) })
        this.#at = at
        return true
      }
    }
  }

  #startTag(): boolean {
    const begin = this.#at
    const name = this.#take(START)?.[1]
    if (name === undefined) return this.#torn('no name of an element')
    if (this.#open.length === 0 && this.#root !== undefined) this.#fail('a second element beside the first', begin)
    if (this.#open.length >= MAX_DEPTH) throw new TooDeep()
    const attributes: [string, string][] = []
    for (let found = this.#take(ATTRIBUTE); found !== null; found = this.#take(ATTRIBUTE)) {
      attributes.push([found[1]!, resolved(found[2] ?? found[3] ?? '')])
    }
    const end = this.#take(START_END)
    if (end === null) return this.#torn(`<${name} has no end`, begin)
    const element: OpenElement = { name, attributes, children: [] }
    this.#root ??= element
    this.#add(element)
    if (end[1] === '') this.#open.push(element)
    return true
  }

  #endTag(): boolean {
    const name = this.#take(END_TAG)?.[1]
    if (name === undefined) return this.#torn('no name of an element')
    const element = this.#open.pop()
    if (element?.name !== name) this.#fail(`</${name}> closes what is not open`)
    return true
  }

  #add(node: XmlNode): void {
    const into = this.#open.at(-1)?.children ?? this.#nodes
    into.push(node)
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found !== null) this.#at = pattern.lastIndex
    return found
  }

  /** In a text that is all there, malformed. In the beginning of a longer one, its end; but only near it. */
  #torn(what: string, at = this.#at): false {
    if (!this.#isPart) this.#fail(what, at)
    this.#at = at
    return false
  }

  #fail(what: string, at = this.#at): never {
    throw new MalformedMessage(what, at)
  }
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The five names that XML has itself, and numbers. All others stay as they are written. */
function resolved(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return NAMED[name] ?? whole
      const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
      return point > 0x10_ffff || point === 0 ? whole : String.fromCodePoint(point)
    },
  )
}

/**
 * An element as JSON: attributes are `@name`, children go by their names, several of one name are an array, and text beside them is `#text`. An element
 * with nothing but text is that text.
 */
export function xmlValue({ root }: XmlDocument): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  put(value, root.name, valueOf(root))
  return value
}

function valueOf({ attributes, children }: XmlElement): unknown {
  const texts = children.filter(child => 'text' in child).map(({ text }) => text)
  const elements = children.filter(child => 'name' in child)
  if (attributes.length === 0 && elements.length === 0) return texts.join('')
  const value: Record<string, unknown> = {}
  for (const [name, text] of attributes) put(value, `@${name}`, text)
  for (const [name, same] of Map.groupBy(elements, ({ name }) => name))
    put(value, name, same.length === 1 ? valueOf(same[0]!) : same.map(valueOf))
  if (texts.length > 0) put(value, '#text', texts.map(text => text.trim()).join(' '))
  return value
}

/** Beyond it lines begin where the last ones did: a thousand levels would be a megabyte of spaces for each line. */
const MAX_INDENT = 24

/** The same document with a line for each element. */
export function xmlText({ nodes }: XmlDocument): string {
  const lines: string[] = []
  const write = (node: XmlNode, depth: number) => {
    const indent = '  '.repeat(Math.min(depth, MAX_INDENT))
    if ('text' in node) lines.push(indent + escaped(node.text.trim()))
    else if ('verbatim' in node) lines.push(indent + node.verbatim)
    else {
      const tag = node.name + node.attributes.map(([name, value]) => ` ${name}="${escaped(value).replaceAll('"', '&quot;')}"`).join('')
      const [only] = node.children
      if (only === undefined) lines.push(`${indent}<${tag}/>`)
      else if (node.children.length === 1 && 'text' in only) lines.push(`${indent}<${tag}>${escaped(only.text)}</${node.name}>`)
      else {
        lines.push(`${indent}<${tag}>`)
        for (const child of node.children) write(child, depth + 1)
        lines.push(`${indent}</${node.name}>`)
      }
    }
  }
  for (const node of nodes) write(node, 0)
  return lines.join('\n')
}

/** References that were not resolved stay what they are. */
const escaped = (text: string) =>
  text
    .replace(/&(?![A-Za-z_][\w.-]*;)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
