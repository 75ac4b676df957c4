import { mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'

/** The canvas is not ours to prove; which charts are made, and with which values they are fed, is. */
const made = vi.hoisted(() => [] as { curves: number; fed: number[] }[])
vi.mock('uplot', () => ({
  default: class {
    readonly #facts = { curves: 0, fed: [] as number[] }
    constructor({ series }: { series: unknown[] }) {
      this.#facts.curves = series.length - 1
      made.push(this.#facts)
    }
    setData(data: unknown[]) {
      this.#facts.fed.push(data.length - 1)
    }
    destroy() {}
  },
}))
vi.mock('@vueuse/core', async original => {
  const { ref } = await import('vue')
  return { ...(await original<typeof import('@vueuse/core')>()), useElementSize: () => ({ width: ref(600) }) }
})
const { default: TimeChart } = await import('./TimeChart.vue')

const curve = (label: string, values: number[]) => ({ label, values, tone: 'accent' })

describe('a chart of curves over time', () => {
  it('is fed while its curves stay the same ones, and made anew when one comes or goes', async () => {
    const chart = mount(TimeChart, {
      props: { label: 'Lag', x: [1], series: [curve('all', [1])], height: 100, leastSpanMs: 1, formatX: String, formatY: String },
    })
    for (const series of [[curve('all', [1, 2])], [curve('all', [1, 2]), curve('worst', [0, 1])], [curve('all', [1, 2])]]) {
      await chart.setProps({ x: [1, 2], series })
      await nextTick()
    }
    expect(made.map(each => each.curves)).toEqual([1, 2, 1])
    for (const { curves, fed } of made) expect(fed.every(each => each === curves)).toBe(true)
  })
})
