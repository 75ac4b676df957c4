import type { SimulatedQuorum } from './simulatedQuorum.ts'

/** Appends through whoever believes to lead, every few milliseconds, until told to stop. */
export async function runWithFaults(
  quorum: SimulatedQuorum,
  {
    forMs,
    powerFailures = true,
    replacedDisks = false,
  }: { readonly forMs: number; readonly powerFailures?: boolean; readonly replacedDisks?: boolean },
): Promise<void> {
  const { world, voters } = quorum
  const random = world.random.fork('faults')
  const end = world.elapsed + forMs
  while (world.elapsed < end) {
    const { id } = voters[random.below(voters.length)]!
    const other = voters[random.below(voters.length)]!.id
    switch (random.below(12)) {
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
      case 7:
        world.freeze(voters[id - 1]!.name)
        break
      case 8:
        quorum.slowDown(id, other, random.below(300))
        break
      case 9:
        if (random.chance(0.2)) for (const each of voters) quorum.crash(each.id, { loseUnsynced: powerFailures })
        break
      default:
        quorum.startAll()
        for (const { name } of voters) if (random.chance(0.7)) world.thaw(name)
    }
    if (replacedDisks && random.chance(0.1) && mayLoseItsDisk(quorum, id)) {
      quorum.crash(id, { loseUnsynced: powerFailures })
      quorum.replaceDisk(id, { keepsDirectoryId: random.chance(0.3) })
      if (random.chance(0.7)) quorum.start(id)
    }
    for (let pause = random.below(8); pause >= 0; pause--) {
      for (const voter of voters) if (voter.quorum?.role === 'leader') quorum.appendThrough(voter.quorum)
      await world.run(random.below(40))
    }
  }
}

/** As many disks at a time as leave a majority that has forgotten nothing, or one of two, whatever else goes on; an observer's at any time. */
function mayLoseItsDisk(quorum: SimulatedQuorum, id: number): boolean {
  const { size, voters } = quorum
  if (id > size) return true
  const forgetful = voters.filter(voter => voter.isForgetful || voter.id === id).length
  return size - forgetful > size / 2 || (size === 2 && forgetful === 1)
}

/** All faults end: new records are committed, everybody agrees, every voter votes again, and what was acknowledged is there. */
export async function recover(quorum: SimulatedQuorum): Promise<void> {
  const { world, voters, acknowledged } = quorum
  quorum.heal()
  quorum.packetLoss = 0
  quorum.startAll()
  for (const { name } of voters) world.thaw(name)
  const deadline = world.elapsed + 20_000
  // The first leader after the faults may be one that others have left already: who appends tries again, as a controller would.
  for (let name = ''; !acknowledged.has(name);) {
    const leader = await quorum.electedLeader({ withinMs: deadline - world.elapsed })
    const { epoch } = leader
    name = quorum.appendThrough(leader)
    await world.run(() => acknowledged.has(name) || leader.epoch !== epoch || leader.role !== 'leader', deadline - world.elapsed)
  }
  await world.run(function everybodyKnowsWhatIsCommitted() {
    return voters.every(({ quorum: node }) => node !== undefined) && quorum.isInAgreement
  }, deadline - world.elapsed)
  await world.run(function everyVoterVotesAgain() {
    return voters.every(each => each.quorum?.standing === (quorum.isVoter(each) ? 'voter' : 'observer') && !each.isForgetful)
  }, deadline - world.elapsed)
  for (const each of acknowledged) {
    if (!quorum.committed.some(entry => entry.endsWith(` ${each}`))) throw new Error(`${each} was acknowledged and is lost`)
  }
}
