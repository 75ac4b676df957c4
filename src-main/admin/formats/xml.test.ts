import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseXml, xmlText, xmlValue } from './xml.ts'

const parse = (text: string, parts = 10_000) => parseXml(text, { parts })
const BILLION_LAUGHS = `<?xml version="1.0"?>
<!DOCTYPE lolz [
 <!ENTITY lol "lol">
${Array.from({ length: 9 }, (_, at) => ` <!ENTITY lol${at + 1} "${`&lol${at === 0 ? '' : at};`.repeat(10)}">`).join('\n')}
]>
<lolz>&lol9;</lolz>`

describe('XML', () => {
  it.each([
    { given: '<a>1</a>', value: { a: '1' } },
    { given: '<a/>', value: { a: '' } },
    { given: '<a id="7" b=\'x &amp; y\'>t</a>', value: { a: { '@id': '7', '@b': 'x & y', '#text': 't' } } },
    {
      given: '<o><i>1</i><i>2</i><n>x</n></o>',
      value: { o: { i: ['1', '2'], n: 'x' } },
    },
    {
      given: '<?xml version="1.0"?><!-- c --><o:a xmlns:o="u"><![CDATA[1 < 2]]></o:a>',
      value: { 'o:a': { '@xmlns:o': 'u', '#text': '1 < 2' } },
    },
    { given: '<a>&#65;&#x42;&unknown;</a>', value: { a: 'AB&unknown;' } },
  ])('is values by their names: $given', ({ given, value }) => expect(xmlValue(parse(given))).toEqual(value))

  it('leaves entities that a document declares what they are', () => {
    const document = parse(BILLION_LAUGHS)
    expect(xmlValue(document)).toEqual({ lolz: '&lol9;' })
    expect(xmlText(document).length).toBeLessThan(BILLION_LAUGHS.length + 20)
  })

  it('is laid out with a line for each element', () => {
    expect(xmlText(parse('<a x="1"><b>2 &lt; 3</b><c/><d><e>4</e></d></a>'))).toBe(
      ['<a x="1">', '  <b>2 &lt; 3</b>', '  <c/>', '  <d>', '    <e>4</e>', '  </d>', '</a>'].join('\n'),
    )
  })

  it.each(['<a>', '<a></b>', '<a', '<a x=1/>', '<a/><b/>', 'x<a/>', '<!DOCTYPE a [', '<a><!-- </a>', '< a/>', '</a>', ''])(
    'is not %s',
    given => expect(() => parse(given)).toThrow(),
  )

  it('is not followed further down than anybody nests', () => {
    expect(() => parse('<a>'.repeat(10_000) + '</a>'.repeat(10_000), 100_000)).toThrow()
  })

  it('is taken as far as it goes where it is the beginning of a document', () => {
    const document = parseXml('<a><b>1</b><c>2</c><d', { parts: 100, isPart: true })
    expect(document.isCut).toBe(true)
    expect(xmlValue(document)).toEqual({ a: { b: '1', c: '2' } })
    expect(xmlValue(parse(`<a>${'<b/>'.repeat(100)}</a>`, 3))).toEqual({ a: { b: ['', ''] } })
  })

  it('laid out, says the same as before', () => {
    const element = fc.letrec<{ node: string }>(tie => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('<x/>', '<y>text &amp; more</y>', '<z q="&quot;">&ent;</z>'),
        fc.array(tie('node'), { maxLength: 4 }).map(children => `<n a="1">${children.join('')}</n>`),
      ),
    })).node
    fc.assert(
      fc.property(element, given => {
        expect(xmlValue(parse(xmlText(parse(given))))).toEqual(xmlValue(parse(given)))
      }),
    )
  })
})
