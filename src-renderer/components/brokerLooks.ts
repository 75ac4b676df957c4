import { CircleCheck, CircleX, LoaderCircle, Skull, Snowflake, Square } from '@lucide/vue'
import type { Component } from 'vue'
import type { BrokerState } from '../../src-main/contract/cluster.ts'

/** A shape and a tone for each state of a broker process. */
export const brokerLooks: Record<BrokerState, { tone: 'ok' | 'warn' | 'danger' | 'accent' | 'neutral'; icon: Component }> = {
  starting: { tone: 'accent', icon: LoaderCircle },
  running: { tone: 'ok', icon: CircleCheck },
  frozen: { tone: 'warn', icon: Snowflake },
  stopping: { tone: 'accent', icon: LoaderCircle },
  stopped: { tone: 'neutral', icon: Square },
  killed: { tone: 'danger', icon: Skull },
  died: { tone: 'danger', icon: CircleX },
}

/** The process is there, whatever it does. */
export const isAlive = (state: BrokerState) => state === 'running' || state === 'starting' || state === 'frozen' || state === 'stopping'
