import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { BATCH_FIELDS, type BatchDetail, type BatchRow, type Finding, type RecordRow } from '../../../../src-main/contract/segments.ts'
import { aBridge } from '../../../composables/aBridge.ts'
import { bridgeKey } from '../../../composables/useBridge.ts'
import { i18n } from '../../../i18n/index.ts'
import { aReplica } from './aReplica.ts'
import BatchInspector from './BatchInspector.vue'

const PLACES = [0, 8, 12, 16, 17, 21, 23, 27, 35, 43, 51, 53, 57, 61, 101]
const SIZE = 101
const row: BatchRow = {
  kind: 'batch',
  position: 500,
  sizeBytes: SIZE,
  baseOffset: 40,
  lastOffset: 41,
  recordCount: 2,
  leaderEpoch: 5,
  producerId: -1,
  producerEpoch: -1,
  baseSequence: -1,
  codec: 'none',
  timestampType: 'CreateTime',
  maxTimestampMs: 0,
  isTransactional: false,
  isControl: false,
  isCrcValid: true,
  findings: [],
}
const detailOf = (rest: Partial<BatchDetail> = {}): BatchDetail => ({
  position: 500,
  sizeBytes: SIZE,
  row,
  fields: BATCH_FIELDS.map((name, index) => ({
    name,
    at: PLACES[index]!,
    size: PLACES[index + 1]! - PLACES[index]!,
    value: name === 'crc' ? '0x00000007' : '3',
  })),
  crc: { stored: 7, computed: 7 },
  findings: [],
  unfoldedBytes: 40,
  ...rest,
})
const recordAt = (index: number): RecordRow => ({
  index,
  offset: 40 + index,
  timestampMs: 0,
  at: 61 + index * 20,
  sizeBytes: 20,
  key: null,
  value: { sizeBytes: 5, bytes: new TextEncoder().encode('value'), text: 'value' },
  headerCount: 0,
  meaning: null,
  parts: [
    { name: 'length', at: 61 + index * 20, size: 1 },
    { name: 'value', at: 62 + index * 20, size: 19 },
  ],
})

async function anInspector(detail = detailOf(), { wantedOffset = null as number | null } = {}) {
  const bridge = aBridge({
    segments: {
      batch: async () => detail,
      bytes: async ({ position, count }) => Uint8Array.from({ length: count }, (_, index) => (position + index) % 256),
      records: async () => ({ records: [recordAt(0), recordAt(1)], total: 2, isCompressed: false, problem: null }),
    },
  })
  const inspector = mount(BatchInspector, {
    props: {
      batch: { topic: 'orders', partition: 0, brokerId: 1, file: '00000000000000000000.log', position: 500 },
      wantedOffset,
      replicas: [aReplica()],
      beside: null,
    },
    global: { plugins: [i18n], provide: { [bridgeKey as symbol]: bridge } },
    attachTo: document.body,
  })
  await flushPromises()
  const field = (name: string) => inspector.find(`[data-field="${name}"]`)
  const bytes = (look: string) => inspector.findAll(`.byte.${look}`).map(each => Number(each.attributes('data-at')))
  return { inspector, field, bytes, byte: (at: number) => inspector.find(`.byte[data-at="${at}"]`) }
}
const span = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

describe('a batch beside its bytes', () => {
  it('marks the bytes of the field that is chosen, from the checksum on', async () => {
    const { field, bytes } = await anInspector()
    expect(bytes('chosen')).toEqual(span(17, 21))
    expect(bytes('covered')).toEqual(span(21, SIZE))
    await field('producerId').trigger('click')
    expect(bytes('chosen')).toEqual(span(43, 51))
  })

  it('chooses the field of a byte that is clicked, and goes from byte to byte with the arrows', async () => {
    const { inspector, field, byte, bytes } = await anInspector()
    await byte(36).trigger('click')
    expect(field('maxTimestamp').attributes('aria-selected')).toBe('true')
    const lines = inspector.find('.bytes-lines')
    await lines.trigger('keydown', { key: 'ArrowUp' })
    expect(field('lastOffsetDelta').attributes('aria-selected')).toBe('false')
    expect(field('crc').attributes('aria-selected')).toBe('true')
    await lines.trigger('keydown', { key: 'ArrowRight' })
    expect(bytes('chosen')).toEqual(span(21, 23))
  })

  it('goes from field to field with the arrows', async () => {
    const { field, bytes } = await anInspector()
    await field('crc').trigger('keydown', { key: 'ArrowDown' })
    expect(field('attributes').attributes('aria-selected')).toBe('true')
    expect(bytes('chosen')).toEqual(span(21, 23))
    await field('attributes').trigger('keydown', { key: 'End' })
    expect(bytes('chosen')).toEqual(span(61, SIZE))
  })

  it('shows what one points at in both', async () => {
    const { field, byte, bytes } = await anInspector()
    await field('baseOffset').trigger('mouseenter')
    expect(bytes('hovered')).toEqual(span(0, 8))
    await field('baseOffset').trigger('mouseleave')
    expect(bytes('hovered')).toEqual([])
    await byte(12).trigger('pointerover')
    expect(field('leaderEpoch').classes()).toContain('hovered')
  })

  it('says what is wrong, at its field and at its byte', async () => {
    const finding: Finding = { code: 'oneByteWrong', field: 'attributes', found: '0x02', expected: '0x00', byte: 22 }
    const { inspector, field, bytes } = await anInspector(detailOf({ crc: { stored: 7, computed: 9 }, findings: [finding] }))
    expect(inspector.text()).toContain('CRC-32C 0x00000007 is wrong: the bytes make 0x00000009')
    expect(inspector.text()).toContain('Attributes: byte 22 is 0x02. Were it 0x00, the CRC would be valid')
    expect(field('attributes').classes()).toContain('wrong')
    expect(bytes('wrong')).toEqual([22])
  })

  it('opens at the record that was asked for, with its bytes', async () => {
    const { inspector, byte, bytes } = await anInspector(detailOf(), { wantedOffset: 41 })
    expect(bytes('chosen')).toEqual(span(81, 101))
    await byte(61).trigger('click')
    expect(bytes('chosen')).toEqual([61])
    expect(inspector.find('[data-field="length"]').attributes('aria-selected')).toBe('true')
    await inspector.find('[data-field="value"]').trigger('click')
    expect(bytes('chosen')).toEqual(span(62, 81))
  })

  it('shows bytes that are no batch as what they are', async () => {
    const finding: Finding = { code: 'torn', field: 'batchLength', found: '900', expected: null, byte: null }
    const { inspector } = await anInspector(
      detailOf({ row: { kind: 'broken', position: 500, sizeBytes: SIZE, finding }, crc: null, findings: [finding], unfoldedBytes: null }),
    )
    expect(inspector.text()).toContain('No batch at byte 500')
    expect(inspector.text()).toContain('A write was cut off here')
  })
})
