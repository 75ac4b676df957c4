import { describe, expect, it } from 'vitest'
import { configReaderOf } from './configReader.ts'

describe("a broker's values", () => {
  const read = configReaderOf(
    new Map([
      ['num.partitions', ' 7 '],
      ['auto.create.topics.enable', 'FALSE'],
      ['broker.rack', 'r1'],
    ]),
  )

  it('are read as what they are', () => {
    expect(read.number('num.partitions')).toBe(7)
    expect(read.flag('auto.create.topics.enable')).toBe(false)
    expect(read.text('broker.rack')).toBe('r1')
  })

  it("have Kafka's default where nothing was set", () => {
    const kafkas = configReaderOf(new Map())
    expect(kafkas.number('broker.session.timeout.ms')).toBe(9_000)
    expect(kafkas.flag('auto.create.topics.enable')).toBe(true)
    expect(kafkas.text('broker.rack')).toBeUndefined()
  })

  it('cannot be asked for under a wrong name, or as another type', () => {
    expect(() => read.number('num.partition')).toThrow('there is no broker config num.partition')
    expect(() => read.flag('num.partitions')).toThrow('num.partitions is a int')
  })
})
