import { describe, expect, it } from 'vitest'
import type { ResetPlan } from '../../../../src-main/contract/offsetReset.ts'
import { commandOf, effectOf, listIn, partitionsIn, planCsv, plannedIn, type ResetForm, scopeOf, targetOf } from './resetForm.ts'

const aForm = (over: Partial<ResetForm> = {}): ResetForm => ({
  kind: 'earliest',
  offset: '',
  timeKind: 'at',
  time: '',
  ago: '',
  agoUnit: 'hours',
  shift: '',
  copyKind: 'group',
  group: '',
  list: '',
  topic: 'orders',
  partitions: 'all',
  ...over,
})

describe('where to', () => {
  it.each<[Partial<ResetForm>, unknown]>([
    [{ kind: 'latest' }, { value: { kind: 'latest' } }],
    [{ kind: 'offset', offset: ' 1,250 ' }, { value: { kind: 'offset', offset: 1_250 } }],
    [{ kind: 'offset', offset: '-1' }, { wrong: 'offset' }],
    [{ kind: 'offset', offset: '' }, { wrong: 'offset' }],
    [
      { kind: 'time', time: '2026-09-21 14:00:00.5' },
      { value: { kind: 'time', timestampMs: new Date(2026, 8, 21, 14, 0, 0, 500).getTime() } },
    ],
    [{ kind: 'time', time: '2026-09-21T14:00' }, { value: { kind: 'time', timestampMs: new Date(2026, 8, 21, 14).getTime() } }],
    [{ kind: 'time', time: '2026-06-31 14:00' }, { wrong: 'time' }],
    [{ kind: 'time', time: '2026-06-30 14:61' }, { wrong: 'time' }],
    [{ kind: 'time', time: 'yesterday' }, { wrong: 'time' }],
    [{ kind: 'time', timeKind: 'ago', ago: '1.5' }, { value: { kind: 'duration', durationMs: 5_400_000 } }],
    [{ kind: 'time', timeKind: 'ago', ago: 'x' }, { wrong: 'ago' }],
    [{ kind: 'shift', shift: '-100' }, { value: { kind: 'shift', by: -100 } }],
    [{ kind: 'shift', shift: '\u2212100' }, { value: { kind: 'shift', by: -100 } }],
    [{ kind: 'shift', shift: '+20' }, { value: { kind: 'shift', by: 20 } }],
    [{ kind: 'shift', shift: '0' }, { wrong: 'shift' }],
    [{ kind: 'copy', group: ' other ' }, { value: { kind: 'group', groupId: 'other' } }],
    [{ kind: 'copy', group: '' }, { wrong: 'group' }],
    [
      { kind: 'copy', copyKind: 'list', list: 'orders,0,5' },
      { value: { kind: 'list', offsets: [{ topic: 'orders', partition: 0, offset: 5 }] } },
    ],
  ])('%o is %o', (given, target) => expect(targetOf(aForm(given))).toEqual(target))
})

describe('a list of offsets', () => {
  it('may have a head, quotes, empty lines, more columns, and ends of lines of any kind', () => {
    expect(listIn('"TOPIC","PARTITION","OFFSET"\r\n"orders",0,5,9\r\n\r\norders, 1, 7\n')).toEqual({
      value: {
        kind: 'list',
        offsets: [
          { topic: 'orders', partition: 0, offset: 5 },
          { topic: 'orders', partition: 1, offset: 7 },
        ],
      },
    })
  })

  it('says in which line it is wrong', () => {
    expect(listIn('orders,0,5\norders,one,5')).toEqual({ wrong: 'list', line: 2 })
    expect(listIn('orders,0')).toEqual({ wrong: 'list', line: 1 })
    expect(listIn('\n\n')).toEqual({ wrong: 'list' })
  })
})

describe('which partitions', () => {
  it.each([
    ['all', null],
    ['', null],
    ['3', [3]],
    ['0-2, 5 4', [0, 1, 2, 4, 5]],
    ['2-0', undefined],
    ['-1', undefined],
    ['one', undefined],
  ])('%s is %o', (text, partitions) => expect(partitionsIn(text)).toEqual(partitions))

  it('are all of every topic when none is chosen', () => {
    expect(scopeOf(aForm({ topic: '' }))).toEqual({ value: null })
    expect(scopeOf(aForm({ partitions: '1' }))).toEqual({ value: [{ topic: 'orders', partitions: [1] }] })
    expect(scopeOf(aForm({ partitions: 'x' }))).toEqual({ wrong: 'partitions' })
  })
})

const plan: ResetPlan = {
  rows: [
    { topic: 'orders', partition: 0, before: 60, after: 10, readAgain: 50, skipped: 0, note: 'asAsked' },
    { topic: 'orders', partition: 1, before: 70, after: 70, readAgain: 0, skipped: 0, note: 'asAsked' },
    { topic: 'orders', partition: 2, before: null, after: 5, readAgain: 0, skipped: 0, note: 'asAsked' },
    { topic: 'orders', partition: 3, before: 5, after: null, readAgain: 0, skipped: 0, note: 'nothingToCopy' },
    { topic: 'orders', partition: 4, before: 5, after: 9, readAgain: 0, skipped: 4, note: 'atEnd' },
  ],
  members: 0,
  atMs: 0,
}

describe('a plan', () => {
  it('commits only what changes', () => {
    expect(plannedIn(plan).map(({ partition, before, after }) => [partition, before, after])).toEqual([
      [0, 60, 10],
      [2, null, 5],
      [4, 5, 9],
    ])
  })

  it('adds up what is read again and skipped', () => expect(effectOf(plan)).toEqual({ readAgain: 50, skipped: 4 }))

  it('can be read again once it was written to a file', () => {
    expect(listIn(planCsv(plan))).toEqual({
      value: {
        kind: 'list',
        offsets: plan.rows.flatMap(({ topic, partition, after }) => (after === null ? [] : [{ topic, partition, offset: after }])),
      },
    })
  })
})

describe('the command of Kafka’s own tool', () => {
  const about = { groupId: "o'group", bootstrap: 'localhost:9092' }
  it.each([
    [{ kind: 'earliest' } as const, null, '--all-topics --to-earliest'],
    [
      { kind: 'time', timestampMs: 0 } as const,
      [{ topic: 'orders', partitions: null }],
      '--topic orders --to-datetime 1970-01-01T00:00:00.000Z',
    ],
    [{ kind: 'shift', by: -5 } as const, [{ topic: 'orders', partitions: [0, 2] }], '--topic orders:0,2 --shift-by -5'],
    [{ kind: 'duration', durationMs: 90_000 } as const, null, '--all-topics --by-duration PT90S'],
    [{ kind: 'group', groupId: 'b' } as const, null, '--from-file plan.csv'],
  ])('for %o', (target, scope, options) => {
    expect(commandOf(target, scope, about)).toBe(
      `kafka-consumer-groups.sh --bootstrap-server localhost:9092 --group 'o'\\''group' --reset-offsets ${options} --execute`,
    )
  })
})
