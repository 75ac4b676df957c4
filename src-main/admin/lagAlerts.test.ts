import { describe, expect, it } from 'vitest'
import type { LagAlarm } from '../contract/lagHistory.ts'
import { alertStep, LagAlerts, type AlertState } from './lagAlerts.ts'
import { MemorySeriesStore } from './memorySeriesStore.ts'

const rule = { unit: 'records', above: 100, samples: 3 } as const
const atRest: AlertState = { above: 0, isRaised: false }

describe('an alert', () => {
  it.each([
    { what: 'the first sample above', state: atRest, value: 101, next: { above: 1, isRaised: false }, told: undefined },
    {
      what: 'the last one that it takes',
      state: { above: 2, isRaised: false },
      value: 101,
      next: { above: 3, isRaised: true },
      told: 'raised',
    },
    { what: 'one more', state: { above: 3, isRaised: true }, value: 500, next: { above: 4, isRaised: true }, told: undefined },
    { what: 'one that is not above', state: { above: 2, isRaised: false }, value: 100, next: atRest, told: undefined },
    { what: 'the end of it', state: { above: 9, isRaised: true }, value: 100, next: atRest, told: 'over' },
    {
      what: 'a lag that is not known',
      state: { above: 9, isRaised: true },
      value: null,
      next: { above: 9, isRaised: true },
      told: undefined,
    },
  ])('takes $what', ({ state, value, next, told }) => expect(alertStep(state, rule, value)).toEqual([next, told]))
})

describe('the alerts of a cluster', () => {
  const told = (alerts: LagAlerts) => {
    const heard: LagAlarm[] = []
    alerts.onAlarm(alarm => heard.push(alarm))
    return heard
  }

  it('tell once that lag is too much, and once that it is not any more', () => {
    const alerts = new LagAlerts(new MemorySeriesStore(), 'local')
    alerts.set('readers', { unit: 'seconds', above: 60, samples: 2 })
    const heard = told(alerts)
    for (const [atMs, lagMs] of [59_000, 61_000, 62_000, 63_000, 5_000].entries()) alerts.take('readers', { totalLag: 1, lagMs, atMs })
    alerts.take('others', { totalLag: 1e9, lagMs: 1e9, atMs: 9 })
    expect(heard.map(({ isRaised, value, atMs }) => [isRaised, value, atMs])).toEqual([
      [true, 62, 2],
      [false, 5, 4],
    ])
  })

  it('are there again after a restart', () => {
    const store = new MemorySeriesStore()
    new LagAlerts(store, 'local').set('readers', rule)
    expect(new LagAlerts(store, 'local').all).toEqual([{ groupId: 'readers', ...rule }])
    expect(new LagAlerts(store, 'another').all).toEqual([])
  })

  it('are none where what is kept cannot be read', () => {
    const store = new MemorySeriesStore()
    store.setText('alerts local', '{"readers":')
    expect(new LagAlerts(store, 'local').all).toEqual([])
  })
})
