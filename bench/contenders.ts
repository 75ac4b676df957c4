import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { KAFKA_VERSION, kafkaClasspath } from '../resources/npm/kafka.mjs'
import { out, startCluster } from './brokers.ts'
import type { Contender, TimedStart } from './cluster.ts'
import { guard } from './guard.ts'
import { KafkaCluster } from './kafka/kafkaCluster.ts'

/** Our built brokers, with the profile that users get. */
export const trilog: Contender = {
  name: 'trilog',
  start: ({ brokers, settings } = {}) => startCluster({ ...(brokers && { brokers }), ...(settings && { settings }) }),
  timedStart: timedUp,
}

/** Where Apache Kafka's classes are; `undefined` with a word on why, where they are not to be had. */
export async function findKafka(): Promise<string | undefined> {
  const classpath = await kafkaClasspath()
  if (classpath === undefined) {
    process.stderr.write(
      `There is no Apache Kafka ${KAFKA_VERSION} to compare with: it takes Java, and KAFKA_HOME or Maven. Going on without.\n`,
    )
  }
  return classpath
}

/** Apache Kafka's released brokers. */
export const kafka = (classpath: string): Contender => ({
  name: 'kafka',
  start: async options => (await KafkaCluster.start(classpath, options)).cluster,
  timedStart: () => KafkaCluster.start(classpath),
})

interface Ready {
  readonly readyMs: number
  readonly brokers: readonly { readonly id: number; readonly pid: number }[]
}

/** `trilog up` in an empty folder: from the start of the process to the line that says ready. */
async function timedUp(): Promise<TimedStart> {
  const data = await mkdtemp(join(tmpdir(), 'trilog-bench-'))
  const folder = guard('folder', data)
  const startedAt = performance.now()
  const host = spawn(process.execPath, [join(out, 'cli.js'), 'up', '--json', '--port', '0', '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(host.stdout), 'line')) as [string]
  const readyMs = performance.now() - startedAt
  const said = JSON.parse(line) as Ready
  return {
    readyMs,
    ownMs: said.readyMs,
    cluster: {
      brokerIds: said.brokers.map(each => each.id),
      pidOf: brokerId => said.brokers.find(each => each.id === brokerId)?.pid ?? null,
      stop: async () => {
        host.kill('SIGINT')
        await once(host, 'exit')
        await rm(data, { recursive: true, force: true })
        folder.callOff()
      },
    },
  }
}
