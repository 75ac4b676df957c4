import { cluster } from './en/cluster.ts'
import { formats } from './en/formats.ts'
import { groups } from './en/groups.ts'
import { marks } from './en/marks.ts'
import { messages } from './en/messages.ts'
import { metadata } from './en/metadata.ts'
import { moves } from './en/moves.ts'
import { produce } from './en/produce.ts'
import { schemas } from './en/schemas.ts'
import { segments } from './en/segments.ts'
import { security } from './en/security.ts'
import { shell } from './en/shell.ts'
import { told } from './en/told.ts'
import { topics } from './en/topics.ts'
import { transfer } from './en/transfer.ts'

/** The source of all words, a file per subject. `zh-CN` has to have the same keys. `|` parts are one and many. */
export const en = {
  ...shell,
  ...cluster,
  ...topics,
  ...messages,
  ...marks,
  ...formats,
  ...groups,
  ...segments,
  ...schemas,
  ...security,
  ...metadata,
  ...moves,
  ...produce,
  ...transfer,
  ...told,
}

/** What every language has to say. */
export type Messages = typeof en
