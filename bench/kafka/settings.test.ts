import { expect, it } from 'vitest'
import { propertiesOf } from './settings.ts'

const nodes = [1, 2, 3].map(nodeId => ({ nodeId, port: 20_000 + nodeId, controllerPort: 20_010 + nodeId, folder: `/tmp/${nodeId}` }))

it('a node of a cluster of three is broker and voter, and keeps the defaults of Apache Kafka', () => {
  expect(propertiesOf(nodes[1]!, nodes, {})).toEqual({
    'process.roles': 'broker,controller',
    'node.id': '2',
    listeners: 'PLAINTEXT://127.0.0.1:20002,CONTROLLER://127.0.0.1:20012',
    'advertised.listeners': 'PLAINTEXT://127.0.0.1:20002',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.quorum.voters': '1@127.0.0.1:20011,2@127.0.0.1:20012,3@127.0.0.1:20013',
    'log.dirs': '/tmp/2/logs',
  })
})

it('a lonely node asks for no more replicas than there are', () => {
  expect(propertiesOf(nodes[0]!, nodes.slice(0, 1), {})).toMatchObject({ 'offsets.topic.replication.factor': '1' })
})

it('a setting that is asked for wins', () => {
  expect(propertiesOf(nodes[0]!, nodes, { 'broker.session.timeout.ms': '2000' })).toMatchObject({ 'broker.session.timeout.ms': '2000' })
})
