import { inTemporaryFolder } from '../folders.ts'
import type { Row } from '../figures.ts'
import { appendAndRead } from './storageStreams.ts'
import { lookUps } from './storageLookUps.ts'
import { manyLogs } from './storageManyLogs.ts'
import { recovery } from './storageRecovery.ts'

/** The log on disk alone: one Node process, no network, no replicas, beside what the system does with the same bytes. */
export async function storage(quick: boolean): Promise<Row[]> {
  return [
    ...(await inTemporaryFolder(folder => appendAndRead(folder, quick))),
    ...(await inTemporaryFolder(folder => recovery(folder, quick))),
    ...(await inTemporaryFolder(folder => lookUps(folder, quick))),
    ...(await inTemporaryFolder(folder => manyLogs(folder, quick))),
  ]
}
