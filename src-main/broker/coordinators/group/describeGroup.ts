import { type Group, type GroupState, metadataOf, NOTHING } from './group.ts'

export interface DescribedGroup {
  readonly groupId: string
  /** `Dead` when there is no such group. */
  readonly state: GroupState | 'Dead'
  readonly protocolType: string
  readonly protocolName: string
  readonly members: readonly {
    readonly memberId: string
    readonly groupInstanceId: string | null
    readonly clientId: string
    readonly clientHost: string
    readonly metadata: Buffer
    readonly assignment: Buffer
  }[]
}

/** Metadata and assignments are told of a stable group only: in any other state they are of a generation that is over or not yet. */
export function describeGroup(groupId: string, group: Group | undefined): DescribedGroup {
  if (group === undefined) return { groupId, state: 'Dead', protocolType: '', protocolName: '', members: [] }
  const isStable = group.phase.state === 'Stable'
  return {
    groupId,
    state: group.phase.state,
    protocolType: group.protocolType,
    protocolName: isStable ? (group.protocolName ?? '') : '',
    members: [...group.members.values()].map(member => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      metadata: isStable ? metadataOf(member, group.protocolName) : NOTHING,
      assignment: isStable ? member.assignment : NOTHING,
    })),
  }
}

export interface ListedGroup {
  readonly groupId: string
  readonly protocolType: string
  readonly state: GroupState
}

/** Filters are as in ListGroups: no names, no filter (KIP-518 for states, KIP-848 for types); case does not matter. */
export function listGroups(
  groups: Iterable<Group>,
  { states, types }: { readonly states: readonly string[]; readonly types: readonly string[] },
): readonly ListedGroup[] {
  if (types.length > 0 && !types.some(type => type.toLowerCase() === 'classic')) return []
  const wanted = new Set(states.map(state => state.toLowerCase()))
  const listed: ListedGroup[] = []
  for (const { groupId, protocolType, phase } of groups) {
    if (wanted.size === 0 || wanted.has(phase.state.toLowerCase())) listed.push({ groupId, protocolType, state: phase.state })
  }
  return listed
}
