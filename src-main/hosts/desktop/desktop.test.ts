import { describe, expect, it } from 'vitest'
import { isOwnPage } from './ownPage.ts'
import { isOnScreen } from './windowState.ts'

describe("the app's own page", () => {
  const page = 'file:///opt/trilog%20%C3%BC/index.html'

  it.each([page, `${page}#/topics`, 'file:///opt/trilog%20%c3%bc/index.html', `${page}?x=1`])('is %s', address =>
    expect(isOwnPage(address, page)).toBe(true),
  )

  it.each([
    '',
    'about:blank',
    'file:///opt/trilog/index.html',
    'file://server/opt/trilog%20%C3%BC/index.html',
    'https://example.com/',
    'file:///%',
  ])('is not %j', address => expect(isOwnPage(address, page)).toBe(false))

  it('is any of a development server', () => {
    expect(isOwnPage('http://localhost:5173/?t=1', 'http://localhost:5173')).toBe(true)
    expect(isOwnPage('http://localhost:5174/', 'http://localhost:5173')).toBe(false)
    expect(isOwnPage('http://localhost:5173.example.com/', 'http://localhost:5173')).toBe(false)
  })
})

describe('a window', () => {
  const screen = { x: 0, y: 0, width: 1920, height: 1080 }

  it.each([
    ['where it was', { x: 100, y: 100, width: 1440, height: 900 }, true],
    ['half beyond the edge', { x: 1500, y: 100, width: 1440, height: 900 }, true],
    ['on a screen that is gone', { x: 2000, y: 100, width: 1440, height: 900 }, false],
    ['with its title above the screen', { x: 0, y: -50, width: 1440, height: 900 }, false],
    ['with its title below the screen', { x: 0, y: 1070, width: 1440, height: 900 }, false],
  ])('%s can be found: %s', (_, bounds, found) => expect(isOnScreen(bounds, [screen])).toBe(found))
})
