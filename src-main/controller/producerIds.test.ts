import { expect, it } from 'vitest'
import { anImage } from '../metadata/builders.ts'
import { errorName } from '../protocol/errors.ts'
import { after, aState } from './builders.ts'
import { decideProducerIds } from './producerIds.ts'

it('gives out blocks that follow each other', () => {
  const image = anImage({ nextProducerId: 4000 })
  const first = decideProducerIds(aState(image), { brokerId: 1, brokerEpoch: 101 })
  expect(first.reply).toMatchObject({ errorCode: 0, producerIdStart: 4000, producerIdLen: 1000 })
  const second = decideProducerIds(aState(after(image, first.records)), { brokerId: 2, brokerEpoch: 102 })
  expect(second.reply.producerIdStart).toBe(5000)
})

it('gives none to a broker that was replaced', () => {
  const { records, reply } = decideProducerIds(aState(), { brokerId: 1, brokerEpoch: 7 })
  expect([records, errorName(reply.errorCode)]).toEqual([[], 'STALE_BROKER_EPOCH'])
})
