import { describe, expect, it } from 'vitest'
import { NoSchema } from '../schemas/registryTrouble.ts'
import { SchemaProblem } from '../schemas/schemaProblem.ts'
import { encodersWith } from './encoders.ts'

const place = { clusterId: 'local', topic: 'orders', part: 'value' as const }
const encoders = encodersWith(async ({ topic, part }) => {
  if (topic !== 'orders') throw new NoSchema('notFound', 'There is no such subject.')
  return text => {
    if (text === '{}') throw new SchemaProblem('value', 'it has no id', ['id'])
    return Buffer.from(`${part}:${text}`)
  }
})
const encode = async (encoding: Parameters<typeof encoders>[0]['encoding'], text: string, at: Parameters<typeof encoders>[1] = place) =>
  (await encoders({ encoding }, at))(text)

describe('what a person writes', () => {
  it.each([
    ['text', 'ä💥', Buffer.from('ä💥')],
    ['json', ' {"a": 1.10} ', Buffer.from(' {"a": 1.10} ')],
    ['hex', '00 fF\n0a', Buffer.of(0, 255, 10)],
    ['base64', 'AP8K', Buffer.of(0, 255, 10)],
    ['base64', '_w', Buffer.of(255)],
    ['schema', '{"id":1}', Buffer.from('value:{"id":1}')],
  ] as const)('as %s, %j, becomes bytes', async (encoding, text, bytes) => expect(await encode(encoding, text)).toEqual(bytes))

  it.each([
    ['text', '\ud800', 'half of a character'],
    ['json', '{', 'It is no JSON'],
    ['hex', '0g', '"g" is no hexadecimal digit'],
    ['hex', '000', 'there are 3'],
    ['base64', 'A', 'cut off'],
    ['base64', '§', 'no digit of base64'],
    ['schema', '{}', 'it has no id'],
  ] as const)('as %s, %j, is refused', async (encoding, text, why) => {
    await expect(encode(encoding, text)).rejects.toMatchObject({ name: 'WrongRecord', message: expect.stringContaining(why) })
  })

  it('is refused where there is no schema, and in a header', async () => {
    await expect(encode('schema', '1', { ...place, topic: 'other' })).rejects.toMatchObject({ name: 'WrongRecord' })
    await expect(encode('schema', '1', { ...place, part: 'header' })).rejects.toThrow('Headers have no schema.')
  })
})
