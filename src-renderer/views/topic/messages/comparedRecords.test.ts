import { describe, expect, it } from 'vitest'
import type { MessageDetail, RecordBytes } from '../../../../src-main/contract/messages.ts'
import { aRecordBytes } from './aRecordBytes.ts'
import { compared, linesOf } from './comparedRecords.ts'

const aDetail = (value: RecordBytes | null, headers: readonly string[] = []) =>
  ({ value, headers: headers.map(key => ({ key, value: aRecordBytes('1') })) }) as unknown as MessageDetail
const json = (text: string): RecordBytes => ({ ...aRecordBytes(text), format: 'json' })
const told = (lines: ReturnType<typeof compared>['values']) =>
  lines.map(line =>
    line.kind === 'hidden' ? `(${line.count})` : `${{ same: ' ', added: '+', removed: '-' }[line.kind]} ${line.text.trim()}`,
  )

describe('two records laid side by side', () => {
  it('differ line by line of their JSON, however it was written', () => {
    const { values } = compared(aDetail(json('{"id":1,"total":5}')), aDetail(json('{ "id": 1, "total": 6 }')))
    expect(told(values)).toEqual(['  {', '  "id": 1,', '- "total": 5', '+ "total": 6', '  }'])
  })

  it('are not the same because a number is too long for JavaScript', () => {
    const { values } = compared(aDetail(json('{"id":12345678901234567890}')), aDetail(json('{"id":12345678901234567891}')))
    expect(values.length).toBeGreaterThan(0)
  })

  it('are the same when nothing differs', () => {
    const { values, headers } = compared(aDetail(json('[1]'), ['trace']), aDetail(json('[1]'), ['trace']))
    expect([values, headers]).toEqual([[], []])
  })

  it('differ in headers that one of them has, and in being there at all', () => {
    const { values, headers } = compared(aDetail(null, ['trace']), aDetail(aRecordBytes('x')))
    expect(told(values)).toEqual(['- null', '+ x'])
    expect(headers.length).toBeGreaterThan(0)
  })

  it('are in hex where they are no text', () => {
    const bytes = new Uint8Array(18).fill(255)
    expect(linesOf({ ...aRecordBytes(''), text: null, format: 'binary', bytes, size: 18 })).toBe(`${'ff '.repeat(16).trim()}\nff ff`)
  })
})
