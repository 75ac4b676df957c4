import type { SimulatedQuorum } from './simulatedQuorum.ts'

/** Appends through whoever believes to lead, every few milliseconds, until told to stop. */
export async function runWithFaults(quorum: SimulatedQuorum, { forMs, powerFailures = true }: { readonly forMs: number; readonly powerFailures?: boolean }): Promise<void> {
  const { world, voters } = quorum
  const random = world.random.fork('faults')
  const end = world.elapsed + forMs
  while (world.elapsed < end) {
    const { id } = voters[random.below(voters.length)]!
    const other = voters[random.below(voters.length)]!.id
    switch (random.below(9)) {
      case 0:
      case 1:
        quorum.crash(id, { loseUnsynced: powerFailures && random.chance(0.7), silently: random.chance(0.3) })
        break
      case 2:
        if (quorum.leader !== undefined) quorum.crash(quorum.leader.nodeId, { loseUnsynced: powerFailures, silently: random.chance(0.3) })
        break
      case 3:
        quorum.cutOff(quorum.leader?.nodeId ?? id)
        break
      case 4:
        quorum.cut(id, other)
        break
      case 5:
        quorum.heal()
        break
      case 6:
        quorum.leader?.resign()
        break
      default:
        quorum.startAll()
    }
    for (let pause = random.below(8); pause >= 0; pause--) {
      for (const voter of voters) if (voter.quorum?.role === 'leader') quorum.appendThrough(voter.quorum)
      await world.run(random.below(40))
    }
  }
}

/** All faults end: what was acknowledged is there, everybody agrees, and new records are committed. */
export async function recover(quorum: SimulatedQuorum): Promise<void> {
  quorum.heal()
  quorum.packetLoss = 0
  quorum.startAll()
  const leader = await quorum.electedLeader()
  const name = quorum.appendThrough(leader)
  await quorum.world.run(function aNewRecordIsAcknowledgedAndKnownToAll() {
    return quorum.acknowledged.has(name) && quorum.voters.every(voter => voter.quorum !== undefined) && quorum.isInAgreement
  }, 20_000)
  for (const each of quorum.acknowledged) {
    if (!quorum.committed.some(entry => entry.endsWith(` ${each}`))) throw new Error(`${each} was acknowledged and is lost`)
  }
}
