import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { defineComponent, h } from 'vue'
import type { BatchRow, LogPlace } from '../../../../src-main/contract/segments.ts'
import { aBridge } from '../../../composables/aBridge.ts'
import { bridgeKey } from '../../../composables/useBridge.ts'
import { useBatchWindow } from './useBatchWindow.ts'

const SIZE = 100
const rowAt = (index: number): BatchRow => ({
  kind: 'batch',
  position: index * SIZE,
  sizeBytes: SIZE,
  baseOffset: index,
  lastOffset: index,
  recordCount: 1,
  leaderEpoch: 0,
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
})

/** A log of so many batches of 100 bytes, which may grow. */
function aWindow(batches: number) {
  const log = { batches }
  const shifts: number[] = []
  const indexOf = (place: LogPlace) =>
    'offset' in place ? place.offset : 'position' in place ? Math.floor(place.position / SIZE) : log.batches - 1
  const bridge = aBridge({
    segments: {
      batches: async ({ place, before, after }) => {
        const [at, from] = [indexOf(place), Math.max(0, indexOf(place) - before)]
        const rows = Array.from({ length: Math.max(0, Math.min(log.batches, at + after + 1) - from) }, (_, i) => rowAt(from + i))
        return {
          rows,
          at: at < log.batches ? at - from : null,
          from: from * SIZE,
          to: (from + rows.length) * SIZE,
          fileBytes: log.batches * SIZE,
        }
      },
    },
  })
  let opened: ReturnType<typeof useBatchWindow> | undefined
  const file = { topic: 'orders', partition: 0, brokerId: 1, file: '00000000000000000000.log' }
  mount(
    defineComponent(() => {
      opened = useBatchWindow(
        () => file,
        rows => shifts.push(rows),
      )
      return () => h('div')
    }),
    { global: { provide: { [bridgeKey as symbol]: bridge } } },
  )
  const offsets = () => opened!.rows.value.map(row => row.position / SIZE)
  return { log, shifts, batches: opened!, ends: () => [offsets()[0], offsets().at(-1)] }
}

describe('the batches around a place', () => {
  it('are shown with some before and behind them, and more as one comes near an end', async () => {
    const { batches, shifts, ends } = aWindow(1_000)
    await batches.load({ offset: 500 })
    expect(ends()).toEqual([400, 600])
    expect(batches.rows.value[batches.selected.value!]).toMatchObject({ baseOffset: 500 })
    await batches.more('after')
    await batches.more('before')
    expect(ends()).toEqual([299, 701])
    expect(shifts).toEqual([101])
    expect(batches.rows.value[batches.selected.value!]).toMatchObject({ baseOffset: 500 })
  })

  it('end where the file does, and follow it as it grows', async () => {
    const { log, batches, ends } = aWindow(50)
    await batches.load({ end: true })
    await batches.more('before')
    await batches.more('after')
    expect(ends()).toEqual([0, 49])
    log.batches = 60
    expect(batches.sizeIs(60 * SIZE)).toBe(false)
    await flushPromises()
    expect(ends()).toEqual([0, 59])
  })

  it('are not there any more where the file was cut', async () => {
    const { batches } = aWindow(50)
    await batches.load({ end: true })
    expect(batches.sizeIs(20 * SIZE)).toBe(true)
  })

  it('are forgotten at the far end, once there are many', async () => {
    const { batches, ends, shifts } = aWindow(10_000)
    await batches.load({ offset: 0 })
    for (let page = 0; page < 40; page++) await batches.more('after')
    expect(batches.rows.value.length).toBe(3_000)
    expect(ends()[1]! - ends()[0]!).toBe(2_999)
    expect(shifts.length).toBeGreaterThan(5)
  })
})
