import type { Router } from 'vue-router'

/**
 * The router hears of a new address only once its first screen is open, and then puts that screen's address in the place of the new one: a link that is
 * followed while the first screen is still being loaded would be lost. Until then we listen, and the newest address becomes the first screen.
 */
export function followEarlyLinks(router: Router): void {
  const follow = () => void router.replace(location.hash.slice(1) || '/')
  const stop = () => removeEventListener('popstate', follow)
  addEventListener('popstate', follow)
  void router.isReady().then(stop, stop)
}
