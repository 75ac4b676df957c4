import { app } from './app.ts'
import { audit } from './audit.ts'
import { brokers } from './brokers.ts'
import { cluster } from './cluster.ts'
import { groups } from './groups.ts'
import { messages } from './messages.ts'
import { metadataLog } from './metadataLog.ts'
import type { ServedContract } from './operations.ts'
import { records } from './records.ts'
import { schemas } from './schemas.ts'
import { quorum } from './quorum.ts'
import { reassignments } from './reassignments.ts'
import { search } from './search.ts'
import { security } from './security.ts'
import { segments } from './segments.ts'
import { topics } from './topics.ts'

/** Everything the bridge carries, by subject. */
export const contract = {
  app,
  cluster,
  topics,
  messages,
  groups,
  schemas,
  search,
  segments,
  brokers,
  security,
  quorum,
  metadataLog,
  reassignments,
  audit,
  records,
}

/** The whole contract as objects: what a host serves and what the renderer holds. */
export type Bridge = ServedContract<typeof contract>
