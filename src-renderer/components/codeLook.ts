import { HighlightStyle } from '@codemirror/language'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

/** The colours of code, wherever it is shown. */
export const codeColours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--syntax-key)' },
  { tag: tags.string, color: 'var(--syntax-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--syntax-number)' },
  { tag: [tags.keyword, tags.operator, tags.operatorKeyword, tags.definitionKeyword], color: 'var(--syntax-word)' },
  { tag: [tags.comment, tags.lineComment, tags.blockComment], color: 'var(--text-3)' },
])

/** What every editor here has in common; `--t-code` carries its line height with it. */
export const codeLook = EditorView.theme({
  '&': { font: 'var(--t-code)', background: 'transparent' },
  '.cm-scroller': { font: 'var(--t-code)', fontVariantLigatures: 'none' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { background: 'var(--accent-line) !important' },
})
