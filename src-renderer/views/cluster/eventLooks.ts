import {
  ArrowRightLeft,
  CircleCheck,
  CircleMinus,
  CirclePlus,
  CircleX,
  Crown,
  Eraser,
  HardDrive,
  LoaderCircle,
  Layers,
  Play,
  Shield,
  ShieldOff,
  Skull,
  Snowflake,
  Square,
  Trash2,
} from '@lucide/vue'
import type { Component } from 'vue'
import type { ClusterEvent } from '../../../src-main/contract/cluster.ts'

type Kind = ClusterEvent['kind']

export const eventLooks: Record<Kind, { icon: Component; tone: 'dim' | 'ok' | 'warn' | 'danger' }> = {
  brokerStarting: { icon: LoaderCircle, tone: 'dim' },
  brokerReady: { icon: CircleCheck, tone: 'ok' },
  brokerStopping: { icon: Square, tone: 'dim' },
  brokerStopped: { icon: Square, tone: 'dim' },
  brokerKilled: { icon: Skull, tone: 'danger' },
  brokerDied: { icon: CircleX, tone: 'danger' },
  brokerFrozen: { icon: Snowflake, tone: 'warn' },
  brokerResumed: { icon: Play, tone: 'ok' },
  brokerWiped: { icon: Eraser, tone: 'danger' },
  brokerFenced: { icon: ShieldOff, tone: 'dim' },
  brokerUnfenced: { icon: Shield, tone: 'dim' },
  logDirFailed: { icon: HardDrive, tone: 'danger' },
  logDirFull: { icon: HardDrive, tone: 'warn' },
  logDirHasSpace: { icon: HardDrive, tone: 'ok' },
  controllerElected: { icon: Crown, tone: 'dim' },
  leadersMoved: { icon: ArrowRightLeft, tone: 'dim' },
  isrShrunk: { icon: CircleMinus, tone: 'warn' },
  isrExpanded: { icon: CirclePlus, tone: 'ok' },
  topicCreated: { icon: Layers, tone: 'dim' },
  topicDeleted: { icon: Trash2, tone: 'dim' },
}

/** What the milliseconds of later events are counted from. */
export const faultKinds: ReadonlySet<Kind> = new Set([
  'brokerKilled',
  'brokerDied',
  'brokerFrozen',
  'brokerStopping',
  'brokerWiped',
  'logDirFailed',
])

/** Whose detail is the path of a log folder. */
export const folderKinds: ReadonlySet<Kind> = new Set(['logDirFailed', 'logDirFull', 'logDirHasSpace'])
