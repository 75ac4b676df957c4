import { expect, it } from 'vitest'
import { Fetch } from '../protocol/messages/fetch.ts'
import { Metadata } from '../protocol/messages/metadata.ts'
import { RequestCounts } from '../wire/requestCounts.ts'
import { requestsTold } from './requestsTold.ts'

it('only what was asked since is told again, in totals', () => {
  const [clients, brokers] = [new RequestCounts(), new RequestCounts()]
  const apis = requestsTold({ clients, brokers })
  clients.answered(Metadata, 1, { topics: [] })
  brokers.answered(Fetch, 8, { errorCode: 6 })
  expect(apis()).toMatchObject([
    { api: 'Metadata', askedBy: 'clients', requests: 1, errors: 0, buckets: [1] },
    { api: 'Fetch', askedBy: 'brokers', requests: 1, errors: 1, buckets: [1] },
  ])
  expect(apis()).toEqual([])
  brokers.answered(Fetch, 8, {})
  brokers.answered(Fetch, 16, {})
  expect(apis()).toMatchObject([{ api: 'Fetch', requests: 3, errors: 1, buckets: [2, 0, 0, 0, 1] }])
})
