import { afterEach, describe, expect, it } from 'vitest'
import { createApp, defineComponent, h } from 'vue'
import { createRouter, createWebHashHistory } from 'vue-router'
import { followEarlyLinks } from './earlyLinks.ts'

const Screen = defineComponent({ render: () => h('p') })

/** A router whose first screen is loaded when `open` is called. */
function starting() {
  const { promise, resolve } = Promise.withResolvers<typeof Screen>()
  const router = createRouter({
    history: createWebHashHistory(),
    routes: [
      { path: '/', component: () => promise },
      { path: '/topics/:topic', component: Screen },
    ],
  })
  const app = createApp(Screen).use(router)
  followEarlyLinks(router)
  return { router, open: () => resolve(Screen), unmount: () => app.unmount() }
}
/** As a link, or the host, changes the address. */
function goTo(path: string) {
  history.replaceState(null, '', `#${path}`)
  dispatchEvent(new PopStateEvent('popstate'))
}
afterEach(() => history.replaceState(null, '', '#/'))

describe('a link that is followed while the first screen is being loaded', () => {
  it('leads to where it says, and the address stays', async () => {
    const { router, open } = starting()
    goTo('/topics/orders?partition=2&offset=7')
    open()
    await router.isReady()
    expect(router.currentRoute.value.fullPath).toBe('/topics/orders?partition=2&offset=7')
    expect(location.hash).toBe('#/topics/orders?partition=2&offset=7')
  })

  it('gives way to the next one', async () => {
    const { router } = starting()
    goTo('/topics/orders')
    goTo('/topics/payments')
    await router.isReady()
    expect(router.currentRoute.value.path).toBe('/topics/payments')
  })

  it('is the business of the router from then on', async () => {
    const { router, open } = starting()
    open()
    await router.isReady()
    goTo('/topics/orders')
    await expect.poll(() => router.currentRoute.value.path).toBe('/topics/orders')
  })
})
