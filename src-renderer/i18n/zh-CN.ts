import type { Messages } from './en.ts'
import { cluster } from './zh-CN/cluster.ts'
import { formats } from './zh-CN/formats.ts'
import { groups } from './zh-CN/groups.ts'
import { marks } from './zh-CN/marks.ts'
import { messages } from './zh-CN/messages.ts'
import { metadata } from './zh-CN/metadata.ts'
import { moves } from './zh-CN/moves.ts'
import { produce } from './zh-CN/produce.ts'
import { schemas } from './zh-CN/schemas.ts'
import { segments } from './zh-CN/segments.ts'
import { security } from './zh-CN/security.ts'
import { shell } from './zh-CN/shell.ts'
import { told } from './zh-CN/told.ts'
import { topics } from './zh-CN/topics.ts'
import { transfer } from './zh-CN/transfer.ts'

export const zhCN = {
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
} satisfies Messages
