import { expect, it } from 'vitest'
import type { PlainValue } from '../plainValue.ts'
import { JsonSchema } from './jsonSchema.ts'

const schema = new JsonSchema(
  JSON.stringify({
    title: 'Order',
    type: 'object',
    required: ['id'],
    additionalProperties: false,
    properties: {
      id: { type: 'integer', minimum: 1 },
      name: { type: ['string', 'null'], maxLength: 3, pattern: '^a' },
      state: { enum: ['NEW', 'PAID'] },
      lines: { type: 'array', items: { $ref: '#/$defs/line' }, maxItems: 2 },
      price: { oneOf: [{ type: 'number' }, { $ref: 'money.json' }] },
      parent: { $ref: '#' },
    },
    $defs: { line: { type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] } },
  }),
  [
    {
      name: 'money.json',
      text: '{"type":"object","required":["cents"],"properties":{"cents":{"$ref":"#/$defs/c"}},"$defs":{"c":{"type":"integer"}}}',
    },
  ],
)

it.each([
  [{ id: 1, name: 'a', lines: [{ sku: 'x' }], price: { cents: 1 }, parent: { id: 2 } }],
  [{ id: 2n ** 60n, name: null, price: 1.5 }],
])('%o fits', value => expect(schema.check(value as unknown as PlainValue)).toEqual(value.name === undefined ? [] : ['pattern']))

it.each([
  [{}, 'id: This field is missing, and it is required.'],
  [{ id: 0 }, 'id: This is to be at least 1.'],
  [{ id: 1.5 }, 'id: This is to be of type "integer".'],
  [{ id: 1, name: 'long' }, 'name: This is to have at most 3 characters, not 4.'],
  [{ id: 1, state: 'LOST' }, 'state: This is to be one of "NEW", "PAID".'],
  [{ id: 1, lines: [{ sku: 'a' }, {}] }, 'lines[1].sku: This field is missing, and it is required.'],
  [{ id: 1, colour: 1 }, 'colour: The schema has no such field.'],
  [{ id: 1, price: { cents: 'x' } }, 'price.cents: This is to be of type "integer".'],
  [{ id: 1, parent: { id: 1, parent: {} } }, 'parent.parent.id: This field is missing, and it is required.'],
])('%j does not fit: %s', (value, message) => expect(() => schema.check(value as unknown as PlainValue)).toThrow(message))

it('has a name, and says when it is none', () => {
  expect(schema.name).toBe('Order')
  expect(() => new JsonSchema('{')).toThrow('This is not JSON')
  expect(() => new JsonSchema('7')).toThrow('This JSON is no JSON Schema.')
})

it('that refers to itself without end is given up', () => {
  expect(() => new JsonSchema('{"$ref":"#"}').check(1)).toThrow()
})
