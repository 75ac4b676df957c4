import type { records, RecordSelection } from '../../contract/records.ts'
import type { Served } from '../../contract/operations.ts'
import type { Clock, Random } from '../../env/env.ts'
import type { ClusterSession } from '../clusterSession.ts'
import type { Schemas } from '../formats/schemas.ts'
import type { SearchWorkers } from '../search/searchWorkers.ts'
import type { EncoderSource } from './encoders.ts'
import type { ExportFiles } from './exportFile.ts'
import { exportRun } from './exportRun.ts'
import { ndjsonText } from './ndjsonText.ts'
import { checkRun, importRun } from './importRun.ts'
import { produceRun } from './produceRun.ts'
import { planReplay, replayRun } from './replayRun.ts'
import { Runs } from './runs.ts'
import { SelectedRecords } from './selection.ts'
import { compileRecord, previewOf } from './writtenRecord.ts'

export interface RecordWorld {
  readonly clock: Clock
  readonly random: Random
  readonly workers: SearchWorkers
  readonly files: ExportFiles
  readonly encoders: EncoderSource
  sessionOf(clusterId: string): ClusterSession
  schemasOf(clusterId: string): Schemas
}

/** Many records at once: into a topic, out of it, and from one to another. */
export function recordServices(world: RecordWorld): Served<typeof records> {
  const { sessionOf, schemasOf, workers, files, encoders } = world
  const selected = (clusterId: string, selection: RecordSelection) =>
    new SelectedRecords({ client: sessionOf(clusterId).client, workers, schemas: schemasOf(clusterId) }, selection)
  const runs = new Runs(world)
  return {
    preview: async ({ clusterId, topic, record, isTemplate, count }) => {
      const show = await previewOf(record, { isTemplate, encoders, place: { clusterId, topic } })
      const nowMs = world.clock.now()
      return Array.from({ length: count }, (_, index) => show({ index, nowMs, random: world.random }))
    },
    produce: async function* ({ clusterId, topic, record, isTemplate, ...how }, signal) {
      const session = sessionOf(clusterId)
      const compiled = await compileRecord(record, { isTemplate, encoders, place: { clusterId, topic } })
      yield* runs.tell(produceRun({ session, topic, record: compiled, ...how }), signal)
    },
    check: ({ format, size }, signal) => runs.tell(checkRun(format, size), signal),
    import: ({ clusterId, ...how }, signal) => runs.tell(importRun({ session: sessionOf(clusterId), ...how }), signal),
    give: async ({ runId, bytes, isLast }) => ({
      isWanted: await runs.give(runId, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), isLast),
    }),
    stop: async ({ runId }) => runs.stop(runId),
    export: async function* ({ clusterId, selection, format, to, name }, signal) {
      const source = selected(clusterId, selection)
      const file = await files.open(to, name)
      if (file === null) return
      yield* runs.tell(exportRun(source, format, file), signal)
    },
    ndjson: async ({ clusterId, selection }) => ndjsonText(selected(clusterId, selection)),
    planReplay: async asked => planReplay(sessionOf(asked.clusterId).client, sessionOf(asked.toCluster).client, asked),
    replay: ({ clusterId, selection, compression, ...to }, signal) => {
      return runs.tell(replayRun({ selected: selected(clusterId, selection), target: sessionOf(to.toCluster), to, compression }), signal)
    },
  }
}
