import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { AUTO_FORMATS } from '../../../../src-main/contract/formats.ts'
import type { MessageDetail, RecordBytes } from '../../../../src-main/contract/messages.ts'
import { aBridge } from '../../../composables/aBridge.ts'
import { bridgeKey } from '../../../composables/useBridge.ts'
import { i18n } from '../../../i18n/index.ts'
import { aRecordBytes } from './aRecordBytes.ts'
import MessageDrawer from './MessageDrawer.vue'

const text = (shown: string, format: RecordBytes['format'] = 'text', size = shown.length) => aRecordBytes(shown, { format, size })

async function aDrawer(value: RecordBytes | null, key: RecordBytes | null = text('ord-1')) {
  const asked: (number | undefined)[] = []
  const detail: MessageDetail = {
    partition: 0,
    offset: 7,
    timestampMs: 0,
    timestampType: 'CreateTime',
    key,
    value,
    headerCount: 1,
    columns: [],
    headers: [{ key: 'source', value: text('checkout') }],
    batch: {
      baseOffset: 0,
      lastOffset: 9,
      sizeBytes: 700,
      recordCount: 10,
      compression: 'zstd',
      partitionLeaderEpoch: 5,
      producerId: 4012,
      producerEpoch: 0,
      baseSequence: 88,
      isTransactional: true,
      crc: 1,
    },
  }
  const bridge = aBridge({
    messages: {
      detail: async ({ maxBytes }) => {
        asked.push(maxBytes)
        return detail
      },
    },
  })
  const drawer = mount(MessageDrawer, {
    props: { topic: 'orders', place: { partition: 0, offset: 7 }, formats: AUTO_FORMATS },
    global: { plugins: [i18n], provide: { [bridgeKey as symbol]: bridge } },
  })
  await flushPromises()
  const press = async (name: string) => {
    await drawer
      .findAll('button')
      .find(button => button.text().startsWith(name))!
      .trigger('click')
    await flushPromises()
  }
  return { drawer, asked, press }
}

describe('a record', () => {
  it('is JSON as a tree whose keys can become columns', async () => {
    const { drawer } = await aDrawer(text('{"order":{"lines":[{"qty":2}],"a.b":1}}', 'json'))
    const key = (name: string) => drawer.findAll('.key').find(each => each.text() === name)!
    await key('"qty"').trigger('click')
    await key('"a.b"').trigger('click')
    expect(drawer.emitted('column')).toEqual([['value.order.lines[0].qty'], ['value.order["a.b"]']])
  })

  it('says what its batch says', async () => {
    const { drawer } = await aDrawer(text('x'))
    for (const fact of ['zstd', '4012, epoch 0, sequence 88', 'part of one', 'create time']) expect(drawer.text()).toContain(fact)
  })

  it('shows its key and headers in the large field when they are pressed', async () => {
    const { drawer, press } = await aDrawer(text('the value'))
    await press('source')
    expect(drawer.get('[aria-label="Header source"]').text()).toBe('checkout')
    await press('source')
    expect(drawer.get('[aria-label="Value"]').text()).toBe('the value')
  })

  it('is cut while it is large, says so, and gives the rest when asked', async () => {
    const { drawer, asked, press } = await aDrawer(text('x'.repeat(300), 'text', 1_000_000))
    expect(drawer.text()).toContain('The first 300 B of 1.00 MB.')
    await press('Show all')
    expect(asked).toEqual([256 * 1024, 16 * 1024 * 1024])
  })

  it.each([
    ['a script', text('<script>alert(1)</script><img src=x onerror=alert(1)>')],
    ['XML with entities', text('<!DOCTYPE l [<!ENTITY a "&b;&b;"><!ENTITY b "&a;&a;">]><l>&a;</l>')],
    ['ten thousand levels', text('['.repeat(10_000) + ']'.repeat(10_000), 'json')],
    ['levels that a cut left open', text('{"a":'.repeat(10_000), 'json', 60_000_000)],
    ['a line of eight million characters', text('x'.repeat(8_000_000))],
    ['a string of eight million characters in JSON', text(`{"big":"${'y'.repeat(8_000_000)}"}`, 'json')],
    [
      'bytes that are no text',
      aRecordBytes('', { size: 5, bytes: new Uint8Array([0xff, 0xfe, 0, 0xc3, 0x28]), text: null, format: 'binary' }),
    ],
  ])('of %s is shown by drawing little', async (_, value) => {
    const { drawer } = await aDrawer(value)
    expect(drawer.findAll('script, img, l')).toEqual([])
    expect(drawer.element.querySelectorAll('*').length).toBeLessThan(400)
    expect(drawer.text().length).toBeLessThan(20_000)
  })
})
