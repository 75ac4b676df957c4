import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import type { GroupDetail } from '../../../../src-main/contract/groups.ts'
import type { PlannedOffset, ResetPlan, ResetScope, ResetTarget } from '../../../../src-main/contract/offsetReset.ts'
import { i18n } from '../../../i18n/index.ts'
import { aGroupDetail } from '../aGroupDetail.ts'
import ResetPanel from './ResetPanel.vue'

const aPlan = (before: number): ResetPlan => ({
  rows: [{ topic: 'orders', partition: 0, before, after: 10, readAgain: before - 10, skipped: 0, note: 'asAsked' }],
  members: 0,
  atMs: 0,
})

function aPanel(group: GroupDetail) {
  const plan = vi.fn<(target: ResetTarget, scope: ResetScope) => Promise<ResetPlan>>(async () => aPlan(90))
  const reset = vi.fn<(offsets: readonly PlannedOffset[]) => Promise<void>>(async () => undefined)
  const panel = mount(ResetPanel, {
    props: { group, otherGroups: [], bootstrap: 'localhost:9092', plan, reset },
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
  const button = (name: RegExp) => panel.findAll('button').find(each => name.test(each.text()))
  return { panel, plan, reset, button }
}
const empty: Partial<GroupDetail> = { members: [], state: 'Empty' }

describe('the panel that resets offsets', () => {
  it('shows what would happen before anything does', async () => {
    const { panel, plan, reset, button } = aPanel(aGroupDetail(empty))
    await flushPromises()
    expect(plan).toHaveBeenCalledOnce()
    expect(plan.mock.calls[0]?.[0].kind).toBe('time')
    expect(plan.mock.calls[0]?.[1]).toEqual([{ topic: 'orders', partitions: null }])
    expect(panel.get('dl').text()).toContain('80')
    expect(reset).not.toHaveBeenCalled()
    await button(/^Reset 1 partition$/)!.trigger('click')
    await flushPromises()
    expect(reset).toHaveBeenCalledWith([{ topic: 'orders', partition: 0, before: 90, after: 10 }])
    expect(panel.emitted('done')).toEqual([[1]])
  })

  it('cannot reset while there are members, and says so', async () => {
    const { panel, reset, button } = aPanel(aGroupDetail())
    await flushPromises()
    expect(panel.text()).toContain('1 member is active.')
    expect(button(/^Reset 1/)).toBeUndefined()
    await button(/^Reset when empty$/)!.trigger('click')
    await flushPromises()
    expect(reset).not.toHaveBeenCalled()
  })

  it('resets from where the members have come to as soon as they are gone, when it waits for that', async () => {
    const { panel, plan, reset, button } = aPanel(aGroupDetail())
    await flushPromises()
    await button(/^Reset when empty$/)!.trigger('click')
    plan.mockImplementation(async () => aPlan(95))
    await panel.setProps({ group: aGroupDetail(empty) })
    await flushPromises()
    expect(reset).toHaveBeenCalledExactlyOnceWith([{ topic: 'orders', partition: 0, before: 95, after: 10 }])
  })

  it('does nothing when they go and nobody waits, or one has stopped waiting', async () => {
    const { panel, reset, button } = aPanel(aGroupDetail())
    await flushPromises()
    await button(/^Reset when empty$/)!.trigger('click')
    await button(/^Stop waiting$/)!.trigger('click')
    await panel.setProps({ group: aGroupDetail(empty) })
    await flushPromises()
    expect(reset).not.toHaveBeenCalled()
  })

  it('tells why it was refused, and looks again', async () => {
    const { panel, plan, reset, button } = aPanel(aGroupDetail(empty))
    await flushPromises()
    reset.mockRejectedValue(new Error('A member came in between.'))
    await button(/^Reset 1 partition$/)!.trigger('click')
    await flushPromises()
    expect(panel.get('[role=alert]').text()).toBe('A member came in between.')
    expect(plan).toHaveBeenCalledTimes(2)
  })
})
