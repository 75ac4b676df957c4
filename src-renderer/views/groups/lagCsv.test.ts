import { expect, it } from 'vitest'
import { aGroupDetail, aPartitionLag } from './aGroupDetail.ts'
import { lagCsv } from './lagCsv.ts'

it('the lag of a group is a line for each partition, and nothing where nothing is known', () => {
  const partitions = [
    aPartitionLag({ memberId: 'a,"b"' }),
    aPartitionLag({ partition: 1, committedOffset: null, lag: null, lagMs: null, memberId: null }),
  ]
  expect(lagCsv(aGroupDetail({ partitions })).split('\n')).toEqual([
    'topic,partition,status,committed,log_end,lag,lag_seconds,consumed_per_second,member',
    'orders,0,ok,90,100,10,0.2,5,"a,""b"""',
    'orders,1,ok,,100,,,5,',
    '',
  ])
})
