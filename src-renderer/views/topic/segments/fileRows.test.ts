import { describe, expect, it } from 'vitest'
import type { SegmentFile } from '../../../../src-main/contract/segments.ts'
import { aReplica } from './aReplica.ts'
import { fileRows, logWithOffset } from './fileRows.ts'

const file = (offset: number, kind: 'log' | 'index', sizeBytes: number): SegmentFile => ({
  name: `${String(offset).padStart(20, '0')}.${kind}`,
  kind,
  offset,
  suffix: '',
  sizeBytes,
})

describe('the files of a partition', () => {
  it('stand by name, the newest segment first, with the size of the odd one out marked', () => {
    const rows = fileRows([
      aReplica({ files: [file(0, 'log', 64), file(48, 'log', 20), file(48, 'index', 8)] }),
      aReplica({ brokerId: 2, files: [file(0, 'log', 64), file(48, 'log', 17)] }),
      aReplica({ brokerId: 3, files: [file(0, 'log', 64), file(48, 'log', 20), file(48, 'index', 8)] }),
    ])
    expect(rows.map(({ offset, kind }) => [offset, kind])).toEqual([
      [48, 'log'],
      [48, 'index'],
      [0, 'log'],
    ])
    expect(rows[0]).toMatchObject({ sizes: [20, 17, 20], odd: [false, true, false], isActive: true })
    expect(rows[1]).toMatchObject({ sizes: [8, null, 8], odd: [false, false, false] })
    expect(rows[2]?.isActive).toBe(false)
  })

  it('hold an offset each, up to the end of the log', () => {
    const replica = aReplica({ logEndOffset: 60, files: [file(0, 'log', 64), file(48, 'log', 20)] })
    expect(logWithOffset(replica, 47)?.offset).toBe(0)
    expect(logWithOffset(replica, 48)?.offset).toBe(48)
    expect(logWithOffset(replica, 60)).toBeUndefined()
  })
})
