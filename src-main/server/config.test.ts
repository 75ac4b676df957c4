import { describe, expect, it } from 'vitest'
import { configReaderOf } from '../metadata/configReader.ts'
import { brokerProperties, profileValues, readServerConfig, type BrokerProcessOptions, votersAmong } from './config.ts'

function options(given: Partial<BrokerProcessOptions> = {}, brokers = 3): BrokerProcessOptions {
  const voters = Array.from({ length: brokers }, (_, index) => ({ id: index + 1, host: '127.0.0.1', port: 19_095 + index }))
  return {
    nodeId: 1,
    directories: ['/data/broker-1'],
    client: { host: '127.0.0.1', port: 19_092 },
    peer: { host: '127.0.0.1', port: 19_095 },
    voters,
    profile: 'dev',
    settings: {},
    ...given,
  }
}

describe("a broker's properties file", () => {
  it.each(['/data/broker-1', '/home/zoë müller/ü/broker-1', '/a=b:c#d!/ e\\f/broker-1', 'C:\\Users\\zoe\\broker-1'])(
    'says what was meant, in the folder %s',
    directory => {
      const config = readServerConfig(
        brokerProperties(options({ directories: [directory], nodeId: 2, settings: { 'num.partitions': '7' } })),
      )
      expect(config).toMatchObject({
        nodeId: 2,
        directories: [directory],
        metadataDirectory: directory,
        client: { host: '127.0.0.1', port: 19_092 },
        peer: { host: '127.0.0.1', port: 19_095 },
      })
      expect([...config.voters]).toEqual([1, 2, 3].map(id => [id, { host: '127.0.0.1', port: 19_094 + id }]))
      expect(config.values.get('num.partitions')).toBe('7')
    },
  )

  it.each([
    ['a name that Kafka does not have', { 'num.partition': '3' }, 'There is no broker config num.partition'],
    ['a word where a number belongs', { 'num.partitions': 'many' }, 'num.partitions'],
    ['a number out of range', { 'num.partitions': '0' }, 'num.partitions'],
    ["a topic's name for a broker's config", { 'retention.ms': '1' }, 'There is no broker config retention.ms'],
  ])('cannot have %s', (_, settings, problem) => {
    expect(() => brokerProperties(options({ settings }))).toThrow(problem)
  })

  it.each(['node.id', 'listeners', 'log.dirs', 'controller.quorum.voters', 'process.roles', 'advertised.listeners'])(
    'cannot have another %s',
    name => {
      expect(() => brokerProperties(options({ settings: { [name]: '7' } }))).toThrow(`${name} is decided by the cluster and cannot be set`)
    },
  )

  it('names all that is wrong at once', () => {
    const settings = { 'no.such': '1', 'num.partitions': '0', 'node.id': '3' }
    expect(() => brokerProperties(options({ settings }))).toThrow(/no\.such.*node\.id.*num\.partitions.*--set KEY=VALUE/)
  })

  it.each([
    ['is empty', '', 'node.id'],
    [
      'has no listener for peers',
      'node.id=1\nprocess.roles=broker\nlisteners=PLAINTEXT://a:1\nlog.dirs=/d\n',
      'listeners must name PLAINTEXT and CONTROLLER',
    ],
    [
      'has a listener without a port',
      'node.id=1\nprocess.roles=broker\nlisteners=PLAINTEXT://a\n',
      '`PLAINTEXT://a` is not NAME://host:port',
    ],
    ['names no folder', 'node.id=1\nprocess.roles=broker\nlisteners=PLAINTEXT://a:1,CONTROLLER://a:2\n', 'log.dirs'],
    [
      'leaves a controller out of the quorum',
      'node.id=1\nprocess.roles=broker,controller\nlisteners=PLAINTEXT://a:1,CONTROLLER://a:2\nlog.dirs=/d\ncontroller.quorum.voters=2@a:2',
      'must have node 1 among them',
    ],
    [
      'has an observer among the voters',
      'node.id=2\nprocess.roles=broker\nlisteners=PLAINTEXT://a:1,CONTROLLER://a:2\nlog.dirs=/d\ncontroller.quorum.voters=2@a:2',
      'must not have node 2 among them',
    ],
  ])('cannot be used when it %s', (_, file, problem) => expect(() => readServerConfig(file)).toThrow(problem))
})

describe('the voters', () => {
  const brokers = (count: number) => Array.from({ length: count }, (_, index) => ({ id: index + 1 }))

  it.each([
    { of: 1, are: [1] },
    { of: 2, are: [1, 2] },
    { of: 3, are: [1, 2, 3] },
    { of: 4, are: [1, 2, 3] },
    { of: 5, are: [1, 2, 3, 4, 5] },
    { of: 6, are: [1, 2, 3, 4, 5] },
    { of: 7, are: [1, 2, 3, 4, 5, 6, 7] },
  ])('of $of brokers are $are', ({ of, are }) => expect(votersAmong(brokers(of)).map(each => each.id)).toEqual(are))

  it('have the role of a controller, and an observer has not', () => {
    const voters = options().voters
    expect(readServerConfig(brokerProperties(options({ nodeId: 1, voters }))).values.get('process.roles')).toBe('broker,controller')
    const observer = readServerConfig(brokerProperties(options({ nodeId: 4, voters })))
    expect(observer.values.get('process.roles')).toBe('broker')
    expect(observer.voters.has(4)).toBe(false)
  })
})

describe("a broker's log folders", () => {
  const read = (lines: Record<string, string>) => {
    const file = brokerProperties(options()).replace(/^log\.dirs=.*\n/m, '')
    return readServerConfig(
      `${file}\n${Object.entries(lines)
        .map(each => each.join('='))
        .join('\n')}`,
      '/cluster',
    )
  }

  it.each([
    { lines: { 'log.dirs': '/a, b,/c' }, directories: ['/a', '/cluster/b', '/c'], metadataDirectory: '/a' },
    { lines: { 'log.dir': 'b' }, directories: ['/cluster/b'], metadataDirectory: '/cluster/b' },
    { lines: { 'log.dir': '/b', 'log.dirs': '/a' }, directories: ['/a'], metadataDirectory: '/a' },
    { lines: { 'log.dirs': '/a,/b', 'metadata.log.dir': '/b' }, directories: ['/a', '/b'], metadataDirectory: '/b' },
    { lines: { 'log.dirs': '/a', 'metadata.log.dir': 'm' }, directories: ['/a'], metadataDirectory: '/cluster/m' },
  ])('are $directories with $lines, and $metadataDirectory has the metadata log', ({ lines, directories, metadataDirectory }) => {
    expect(read(lines)).toMatchObject({ directories, metadataDirectory })
  })

  it('must be named, and each once', () => {
    expect(() => read({ 'log.dirs': '/a,,/b' })).toThrow('log.dirs must name the folders of the logs')
    expect(() => read({ 'log.dirs': 'a,/cluster/a' })).toThrow('log.dirs names a folder twice')
  })
})

describe('a profile', () => {
  it.each([1, 2, 3, 5])('asks for no more replicas than %d brokers can hold', brokers => {
    for (const profile of ['dev', 'kafka-defaults'] as const) {
      const { number } = configReaderOf(readServerConfig(brokerProperties(options({ profile }, brokers))).values)
      for (const name of ['default.replication.factor', 'offsets.topic.replication.factor', 'transaction.state.log.replication.factor'])
        expect(number(name), name).toBeLessThanOrEqual(brokers)
      // With as many in-sync replicas required as there are brokers, one that restarts would stop every producer.
      for (const name of ['min.insync.replicas', 'transaction.state.log.min.isr'])
        expect(number(name), name).toBeLessThanOrEqual(Math.max(1, brokers - 1))
    }
  })

  it("with three brokers, `kafka-defaults` changes nothing of Kafka's", () => expect(profileValues('kafka-defaults', 3, {})).toEqual([]))

  it("shows each value that differs beside Kafka's, settings above the profile, by name", () => {
    const values = profileValues('dev', 3, { 'num.partitions': '1', 'broker.session.timeout.ms': '1000' })
    expect(values).toContainEqual({ name: 'broker.session.timeout.ms', value: '1000', kafkaDefault: '9000' })
    expect(values.map(({ name }) => name)).not.toContain('num.partitions')
    expect(values.map(({ name }) => name)).toEqual(values.map(({ name }) => name).sort())
  })

  it('shows what a smaller cluster really has', () => {
    expect(profileValues('dev', 1, {})).toContainEqual({ name: 'offsets.topic.replication.factor', value: '1', kafkaDefault: '3' })
    expect(profileValues('dev', 1, {}).map(({ name }) => name)).not.toContain('min.insync.replicas')
  })
})
