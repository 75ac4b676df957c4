import { describe, expect, it } from 'vitest'
import { fc, test } from '@fast-check/vitest'
import { MalformedMessage } from '../byteReader.ts'
import { formatJavaProperties, parseJavaProperties } from './javaProperties.ts'

const parsed = (text: string) => Object.fromEntries(parseJavaProperties(text))

describe('Java properties', () => {
  it.each([
    ['with an equals sign', 'num.partitions=3', { 'num.partitions': '3' }],
    ['with a colon, and blanks around it', '  num.partitions : 3', { 'num.partitions': '3' }],
    ['with a blank alone', 'num.partitions 3', { 'num.partitions': '3' }],
    ['without a value', 'broker.rack', { 'broker.rack': '' }],
    [
      'with separators in the value',
      'listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2',
      { listeners: 'PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2' },
    ],
    ['as Java escapes them', 'listeners=PLAINTEXT\\://localhost\\:9092', { listeners: 'PLAINTEXT://localhost:9092' }],
    ['with a separator in the key', 'a\\=b\\ c=d', { 'a=b c': 'd' }],
    ['with an escaped backslash before the separator', 'a\\\\=b', { 'a\\': 'b' }],
    ['continued on the next line', 'voters=1@a:1,\\\n    2@b:2', { voters: '1@a:1,2@b:2' }],
    ['with two backslashes at the end, which continue nothing', 'a=b\\\\\nc=d', { a: 'b\\', c: 'd' }],
    ['with letters outside of ASCII', 'log.dirs=/d\\u00e4ten', { 'log.dirs': '/däten' }],
    ['set twice, the last of which counts', 'a=1\na=2', { a: '2' }],
    ['between comments and Windows line ends', '# a=1\r\n\r\n  ! b=2\r\nc=3\r\n', { c: '3' }],
  ])('are read %s', (_, text, entries) => expect(parsed(text)).toEqual(entries))

  it('cannot have half a letter', () => expect(() => parsed('a=\\u12')).toThrow(MalformedMessage))

  it('are written in ASCII, and no comment becomes an entry', () => {
    const text = formatJavaProperties([['log.dirs', '/home/zoë/a b']], 'of Zoë\nnode.id=7')
    expect(text).toMatch(/^[ -~\n]*$/)
    expect(parsed(text)).toEqual({ 'log.dirs': '/home/zoë/a b' })
  })

  test.prop([fc.uniqueArray(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), { selector: ([key]) => key })])(
    'come back as they were written',
    entries => {
      expect([...parseJavaProperties(formatJavaProperties(entries))]).toEqual(entries)
    },
  )
})
