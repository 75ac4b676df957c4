import { describe, expect, it } from 'vitest'
import { en } from './en.ts'
import { zhCN } from './zh-CN.ts'

type Words = { readonly [key: string]: string | Words }
const flat = (words: Words, prefix = ''): [string, string][] =>
  Object.entries(words).flatMap(([key, value]) =>
    typeof value === 'string' ? [[prefix + key, value] as [string, string]] : flat(value, `${prefix}${key}.`),
  )
const blanks = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(match => match[1]))].sort()

const english = new Map(flat(en))
const chinese = new Map(flat(zhCN))
const sources = import.meta.glob<string>('../{app,charts,components,composables,stores,views}/**/*.{vue,ts}', {
  query: '?raw',
  import: 'default',
  eager: true,
})

describe('the words of the app', () => {
  it('are there in both languages', () => expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort()))

  it('have the same blanks in both languages', () => {
    for (const [key, text] of english) expect([key, blanks(chinese.get(key) ?? '')]).toEqual([key, blanks(text)])
  })

  it('hold nothing that vue-i18n would read as more than words', () => {
    for (const [key, text] of [...english, ...chinese]) expect([key, /[@$]|%\{/.test(text)]).toEqual([key, false])
  })

  it('exist wherever a screen asks for them by name', () => {
    const asked = Object.entries(sources).flatMap(([file, text]) =>
      [...text.matchAll(/\bt\('([\w.]+)'/g)].map(match => ({ file, key: match[1] ?? '' })),
    )
    expect(asked.length).toBeGreaterThan(150)
    expect(asked.filter(({ key }) => !english.has(key))).toEqual([])
  })
})
