import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../simulation/seededRandom.ts'
import { compileTemplate, TEMPLATE_FUNCTIONS } from './template.ts'

const nowMs = Date.UTC(2026, 0, 31, 12, 0, 0, 5)
const random = seededRandom(7)
const fill = (text: string, index = 0) => compileTemplate(text)({ index, nowMs, random })

describe('a template', () => {
  it.each([
    ['plain { text } }}', 'plain { text } }}'],
    ['{{counter}}', '5'],
    ['{{ counter 100 10 }}', '140'],
    ['{{counter -1 -1}}', '-5'],
    ['{{now}}', '2026-01-31T12:00:00.005Z'],
    ['{{now ms}}/{{now s}}', `${nowMs}/${Math.floor(nowMs / 1000)}`],
    ['{{int 7 7}}', '7'],
    ['{{float 2 2 3}}', '2.000'],
    ['{{choice "a }} b"}}', 'a }} b'],
    ["{{choice 'it\\'s'}}", "it's"],
    ['{{"{{"}}counter}}', '{{counter}}'],
    ['{"id": {{counter}}, "at": "{{now}}"}', '{"id": 5, "at": "2026-01-31T12:00:00.005Z"}'],
  ])('makes of %s for the fifth record %s', (text, filled) => expect(fill(text, 4)).toBe(filled))

  it.each([
    ['{{uuid}}', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    ['{{int 1 100}}', /^(100|[1-9][0-9]?)$/],
    ['{{int -9007199254740 9007199254740}}', /^-?\d{1,13}$/],
    ['{{float 0 1}}', /^[01]\.\d\d$/],
    ['{{bool}}', /^(true|false)$/],
    ['{{choice red green}}', /^(red|green)$/],
    ['{{hex 4}}', /^[0-9a-f]{8}$/],
    ['{{text 20}}', /^[a-z]{20}$/],
    ['{{name}}', /^\w+ \w+$/],
    ['{{email}}', /^[a-z]+\.[a-z]+@example\.com$/],
    ['{{firstName}} {{lastName}} {{city}} {{country}} {{word}}', /^\w+ \w+ \w+ [A-Z]{2} \w+$/],
  ])('fills %s in anew each time', (text, like) => {
    const render = compileTemplate(text)
    for (let index = 0; index < 50; index++) expect(render({ index, nowMs, random })).toMatch(like)
  })

  it('says of a function that it does not know which ones there are', () => {
    expect(() => compileTemplate('x {{uuidd}}')).toThrow('There is no {{uuidd}}, at character 3')
    expect(() => compileTemplate('{{toString}}')).toThrow(TEMPLATE_FUNCTIONS.join(', '))
  })

  it.each([
    ['{{counter', 'at character 1 are not closed'],
    ['{{}}', 'Nothing stands in'],
    ['{{int 1}}', 'a least and a most'],
    ['{{int 5 1}}', '1 is less than 5'],
    ['{{int a b}}', '"a" is no integer'],
    ['{{int -9007199254740991 9007199254740991}}', 'too far apart'],
    ['{{choice}}', 'something to choose from'],
    ['{{now later}}', 'iso, ms, s'],
    ['{{hex 0}}', '1 to'],
    ['{{text 99999999}}', 'not 99999999'],
    ['{{uuid 4}}', 'it takes nothing'],
    ['{{float 0 1 99}}', 'behind the point'],
  ])('refuses %s', (text, why) => expect(() => compileTemplate(text)).toThrow(why))
})
