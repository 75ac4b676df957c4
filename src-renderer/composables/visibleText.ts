/** Embeddings, overrides and isolates: what stands after one can be drawn from right to left, and so be read as something else. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g

/** Text of a stranger as one line can show it safely: characters that would turn its direction are written out. */
export const visibleText = (text: string) => text.replaceAll(TURNS, each => `\\u${each.charCodeAt(0).toString(16)}`)
