import { join } from 'node:path'

export interface KafkaNode {
  readonly nodeId: number
  readonly port: number
  readonly controllerPort: number
  readonly folder: string
}

/** What Apache Kafka's start scripts give the JVM when nobody says otherwise: `kafka-server-start.sh` the heap, `kafka-run-class.sh` the rest. */
export const jvmFlags: readonly string[] = [
  '-Xmx1G',
  '-Xms1G',
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
  '-XX:MaxInlineLevel=15',
  '-Djava.awt.headless=true',
]

/** `server.properties` of one node, broker and controller in one: its place in the cluster, and otherwise Kafka's defaults. */
export function propertiesOf(
  node: KafkaNode,
  nodes: readonly KafkaNode[],
  settings: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const replicas = String(Math.min(3, nodes.length))
  const smallCluster = {
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': '1',
  }
  return {
    'process.roles': 'broker,controller',
    'node.id': String(node.nodeId),
    listeners: `PLAINTEXT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${node.port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.quorum.voters': nodes.map(each => `${each.nodeId}@127.0.0.1:${each.controllerPort}`).join(','),
    'log.dirs': join(node.folder, 'logs'),
    ...(nodes.length < 3 ? smallCluster : {}),
    ...settings,
  }
}
