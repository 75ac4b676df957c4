import type { contract } from './contract.ts'

/**
 * `reads`: nobody could tell afterwards that it was asked. `guards`: a person decides how careful Trilog is with a cluster, which never hears of it.
 * `changes`: something outside the app is different then.
 */
export type Effect = 'reads' | 'guards' | 'changes'

/**
 * What each operation does to the world. The audit log holds all that do not just read, and of a cluster in read-only mode those that change something
 * are refused; an operation that is not here does not compile.
 */
export const effects = {
  app: { info: 'reads', startFailure: 'reads', startAgain: 'changes', readOnly: 'reads', setReadOnly: 'guards' },
  audit: { list: 'reads' },
  brokers: { describe: 'reads', offered: 'reads' },
  cluster: {
    watch: 'reads',
    events: 'reads',
    logs: 'reads',
    requests: 'reads',
    snapshot: 'reads',
    profile: 'reads',
    stop: 'changes',
    kill: 'changes',
    pause: 'changes',
    resume: 'changes',
    start: 'changes',
    restart: 'changes',
    wipe: 'changes',
    link: 'changes',
    healLinks: 'changes',
    shutdown: 'changes',
  },
  groups: {
    list: 'reads',
    describe: 'reads',
    watch: 'reads',
    planReset: 'reads',
    history: 'reads',
    alerts: 'reads',
    alarms: 'reads',
    // A rule of this app about a group, that the cluster never hears of.
    setAlert: 'reads',
    delete: 'changes',
    deleteOffsets: 'changes',
    removeMember: 'changes',
    reset: 'changes',
  },
  schemas: {
    settings: 'reads',
    // Where this app looks for schemas: the cluster never hears of it.
    setRegistry: 'reads',
    tryRegistry: 'reads',
    subjects: 'reads',
    versions: 'reads',
    version: 'reads',
    byId: 'reads',
    assignments: 'reads',
    assign: 'reads',
    look: 'reads',
    encode: 'reads',
  },
  search: { run: 'reads' },
  security: {
    acls: 'reads',
    createAcls: 'changes',
    deleteAcls: 'changes',
    users: 'reads',
    setCredential: 'changes',
    deleteCredential: 'changes',
    quotas: 'reads',
    alterQuotas: 'changes',
  },
  metadataLog: { watch: 'reads', entries: 'reads', indexOf: 'reads', stateAt: 'reads' },
  quorum: { describe: 'reads' },
  reassignments: {
    list: 'reads',
    plan: 'reads',
    elections: 'reads',
    elect: 'changes',
    start: 'changes',
    cancel: 'changes',
    unthrottle: 'changes',
  },
  segments: {
    replicas: 'reads',
    spans: 'reads',
    batches: 'reads',
    batch: 'reads',
    records: 'reads',
    bytes: 'reads',
    entries: 'reads',
    compare: 'reads',
    verify: 'reads',
  },
  messages: { extent: 'reads', read: 'reads', detail: 'reads', offsetsAt: 'reads', tail: 'reads', produce: 'changes' },
  records: {
    preview: 'reads',
    check: 'reads',
    export: 'reads',
    ndjson: 'reads',
    planReplay: 'reads',
    // Parts of a run, which is in the log itself.
    give: 'reads',
    stop: 'reads',
    produce: 'changes',
    import: 'changes',
    replay: 'changes',
  },
  topics: {
    list: 'reads',
    survey: 'reads',
    describe: 'reads',
    configs: 'reads',
    checkConfigs: 'reads',
    statistics: 'reads',
    alterConfigs: 'changes',
    create: 'changes',
    addPartitions: 'changes',
    deleteRecords: 'changes',
    clone: 'changes',
    delete: 'changes',
  },
} as const satisfies EffectsOf<typeof contract>

type EffectsOf<C> = { readonly [S in keyof C]: { readonly [O in keyof C[S]]: Effect } }

/** What an operation does. Of one that nobody knows, the worst is assumed. */
export function effectOf(subject: string, operation: string): Effect {
  const ofSubject = (effects as Readonly<Record<string, Readonly<Record<string, Effect>>>>)[subject]
  return ofSubject?.[operation] ?? 'changes'
}
