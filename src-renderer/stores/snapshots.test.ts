import { describe, expect, it } from 'vitest'
import type { ClusterSnapshot, ClusterUpdate } from '../../src-main/contract/cluster.ts'
import { updateTo } from '../../src-main/contract/clusterUpdates.ts'
import { snapshotsOf } from './snapshots.ts'

const at = (atMs: number): ClusterSnapshot => ({
  atMs,
  bootstrapServers: '',
  profile: 'dev',
  dataDirectory: '',
  controllerId: 1,
  controllerEpoch: 1,
  brokers: [],
  partitions: [],
  links: [],
  story: null,
})
const whole = (atMs: number) => updateTo(at(atMs), undefined)
const difference = (atMs: number, sequence: number) => updateTo(at(atMs), { sequence: sequence - 1, snapshot: at(0) })

/** Streams that are opened one after the other; each ends when it has told all. */
async function taken(...streams: ClusterUpdate[][]): Promise<{ times: number[]; opened: number }> {
  const times: number[] = []
  let opened = 0
  const open = async function* () {
    yield* streams[opened++] ?? []
  }
  for await (const snapshot of snapshotsOf(open, new AbortController().signal)) times.push(snapshot.atMs)
  return { times, opened }
}

describe('snapshots from a stream of differences', () => {
  it('come one for each update', async () => {
    expect(await taken([whole(1), difference(2, 1), difference(3, 2)])).toEqual({ times: [1, 2, 3], opened: 1 })
  })

  it('go on with a whole one after a gap, from a stream of its own', async () => {
    expect(await taken([whole(1), difference(2, 1), difference(9, 4)], [whole(10), difference(11, 1)])).toEqual({
      times: [1, 2, 10, 11],
      opened: 2,
    })
  })

  it('begin anew wherever a stream begins anew, as after a reload of the page', async () => {
    expect((await taken([whole(1), whole(5), difference(6, 1)])).times).toEqual([1, 5, 6])
  })

  it('are no more to be had from a stream that never tells all', async () => {
    await expect(taken([difference(2, 1)])).rejects.toThrow('had not told')
    await expect(taken([whole(1), difference(3, 2)], [difference(4, 3)])).rejects.toThrow('had not told')
  })
})
