import { describe, expect, it } from 'vitest'
import type { Channel, Frame } from '../contract/channel.ts'
import { NEW_PAGE, servePages } from './electronChannel.ts'

const frame = (id: number): Frame => ({ type: 'stop', id })

function aWindow() {
  const sent: Frame[] = []
  const pages: { channel: Channel; heard: Frame[]; isClosed: boolean }[] = []
  let post: (message: Frame | typeof NEW_PAGE) => void = () => undefined
  let leave = () => {}
  servePages({ send: (_, each) => sent.push(each), onMessage: listen => (post = listen), onGone: listen => (leave = listen) }, channel => {
    const page = { channel, heard: [] as Frame[], isClosed: false }
    channel.onFrame(each => page.heard.push(each))
    channel.onClose(() => (page.isClosed = true))
    pages.push(page)
  })
  return { sent, pages, post, leave }
}

describe("a window's pages", () => {
  it('have a channel each: a reload closes the old one', () => {
    const { pages, post } = aWindow()
    post(NEW_PAGE)
    post(frame(1))
    post(NEW_PAGE)
    post(frame(2))
    expect(pages.map(({ heard, isClosed }) => ({ heard, isClosed }))).toEqual([
      { heard: [frame(1)], isClosed: true },
      { heard: [frame(2)], isClosed: false },
    ])
  })

  it('hear nothing of what was asked by the page before them', () => {
    const { pages, post, sent } = aWindow()
    post(NEW_PAGE)
    post(NEW_PAGE)
    pages[0]!.channel.post(frame(1))
    pages[1]!.channel.post(frame(2))
    expect(sent).toEqual([frame(2)])
  })

  it('are gone with their window, and heard only after they said that they are new', () => {
    const { pages, post, leave } = aWindow()
    post(frame(1))
    expect(pages).toEqual([])
    post(NEW_PAGE)
    leave()
    expect(pages[0]!.isClosed).toBe(true)
    post(frame(2))
    expect(pages[0]!.heard).toEqual([])
  })
})
