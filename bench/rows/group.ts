import { sleep } from '../brokers.ts'
import { Member } from '../clients/member.ts'
import { coordinatorOf } from '../coordinator.ts'
import { rowsOf, type Desk } from '../desk.ts'
import type { Row } from '../figures.ts'
import { createTopics, deleteTopics } from '../topics.ts'
import { connectTo } from '../wire.ts'

const MEMBERS = 100
/** Members learn of a rebalance from their heartbeats; clients send one in three seconds, which would measure those. */
const HEARTBEAT_EVERY_MS = 50
const PATIENCE_MS = 60_000

/** A classic group of 100 members: all come at once, then one more comes, then that one goes, each time until all have their partitions. */
export async function group(desk: Desk): Promise<Row[]> {
  const rebalances = desk.isQuick ? 2 : 5
  const outcomes = await desk.measure(desk.isQuick ? 1 : 3, async (cluster, round) => {
    const name = { groupId: `group-${round}`, topic: `group-${round}` }
    await createTopics(cluster, [{ name: name.topic, partitions: MEMBERS + 1, replicas: 3 }])
    const coordinator = await coordinatorOf(cluster, name.groupId)
    const newMember = async () => new Member(await connectTo(cluster, coordinator), name)
    const members = await Promise.all(Array.from({ length: MEMBERS }, newMember))
    const formed = await rebalanced(members, () => undefined)
    const joined: number[] = []
    const left: number[] = []
    for (let n = 0; n < rebalances; n++) {
      const another = await newMember()
      joined.push(await rebalanced([...members, another], () => undefined))
      left.push(await rebalanced(members, () => another.leave()))
    }
    for (const each of members) each.close()
    await deleteTopics(cluster, [name.topic])
    return { formed, joined, left }
  })
  return [
    ...rowsOf(`${MEMBERS} members join an empty group: all have their partitions`, 'ms', outcomes, each => each.formed),
    ...rowsOf(`a member joins ${MEMBERS} others: all have their partitions`, 'ms', outcomes, each => each.joined),
    ...rowsOf(`a member leaves ${MEMBERS} others: all have their partitions`, 'ms', outcomes, each => each.left),
  ]
}

/** What it takes, from what is done at first until all of these members have their part of one later generation; in milliseconds. */
async function rebalanced(members: readonly Member[], first: () => Promise<void> | undefined): Promise<number> {
  const before = Math.max(...members.map(each => each.generationId))
  const startedAt = performance.now()
  let doneAt: number | undefined
  const look = () => {
    const generationId = members[0]?.generationId ?? -1
    if (generationId > before && members.every(each => each.generationId === generationId)) doneAt ??= performance.now()
  }
  const takePart = async (member: Member) => {
    while (doneAt === undefined) {
      if (performance.now() - startedAt > PATIENCE_MS) throw new Error('the group does not come together')
      if (member.generationId < 0 || (await member.hasToRejoin())) {
        await member.join()
        look()
      } else await sleep(HEARTBEAT_EVERY_MS)
    }
  }
  await Promise.all([first(), ...members.map(takePart)])
  return doneAt! - startedAt
}
