/**
 * Whether an address is that of the app's one page: everything else that a window would show or that speaks to main is a stranger's. What follows `#`
 * is the page's own business. A development server's page counts as a whole server, because it reloads itself with queries.
 */
export function isOwnPage(address: string, page: string): boolean {
  if (!URL.canParse(address)) return false
  const [given, own] = [new URL(address), new URL(page)]
  if (own.protocol === 'file:') return given.protocol === 'file:' && given.host === own.host && pathOf(given) === pathOf(own)
  return given.origin === own.origin
}

/** Two programs may write one path with different letters escaped. */
function pathOf({ pathname }: URL): string {
  try {
    return decodeURIComponent(pathname)
  } catch (error) {
    if (error instanceof URIError) return pathname
    throw error
  }
}
