/** A sentence with its blanks, which are written `{name}`, filled in. A blank that has nothing to stand in it stays. */
export function fillIn(sentence: string, values: Readonly<Record<string, string | number>>): string {
  return sentence.replace(/\{(\w+)\}/g, (blank, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : blank))
}
