import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonLines, jsonPath, jsonTokens } from './jsonLines.ts'

const drawn = (text: string) =>
  jsonLines(text).map(
    line =>
      '  '.repeat(line.depth) +
      jsonTokens(text, line)
        .map(token => token.text)
        .join(''),
  )

describe('JSON in lines', () => {
  it('stands as a person would write it', () => {
    expect(drawn('{"id":12345678901234567890,"customer":{"id":"c","tier":"gold"},"lines":[{"qty":2},{"deep":{"x":1}}],"none":{}}')).toEqual(
      [
        '{',
        '  "id": 12345678901234567890,',
        '  "customer": { "id": "c", "tier": "gold" },',
        '  "lines": [',
        '    { "qty": 2 },',
        '    {',
        '      "deep": { "x": 1 }',
        '    }',
        '  ],',
        '  "none": {  }',
        '}',
      ],
    )
  })

  it('knows the path of each line, and of keys within one', () => {
    const text = '{"order":{"lines":[{"a":1},{"b":{"c":[1]}}]}}'
    const lines = jsonLines(text)
    const at = lines.findIndex(line => jsonTokens(text, line).some(token => token.text === '"c"'))
    expect(jsonPath(text, lines, at)).toEqual(
      ['order', 'lines', 1, 'b'].concat(lines[at]!.keyFrom >= 0 && text.slice(lines[at]!.keyFrom, lines[at]!.keyTo) === '"c"' ? ['c'] : []),
    )
  })

  it('holds every word of any JSON, however it is written', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1, 3), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        fc.pre(jsonLines(text).every(line => line.to - line.from < 400))
        expect(JSON.parse(drawn(text).join('\n'))).toEqual(JSON.parse(text))
      }),
    )
  })

  it('comes to an end with any text, cut or not', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(200), fc.string({ maxLength: 5 }), (value, cut, noise) => {
        const whole = JSON.stringify(value)
        expect(drawn(whole.slice(0, cut % (whole.length + 1)) + noise).length).toBeLessThanOrEqual(whole.length + 6)
      }),
    )
  })

  it('takes a hundred thousand levels, and closes what a cut left open', () => {
    const lines = jsonLines('['.repeat(100_000))
    expect(lines).toHaveLength(100_000)
    expect(lines[0]!.closeAt).toBe(100_000)
  })
})
