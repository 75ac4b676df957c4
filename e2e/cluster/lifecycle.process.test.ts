import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from './builtCluster.ts'
import { kafkajs, kafkaOf, withAdmin } from './clients/kafkajs.ts'
import { logBytes } from './logFiles.ts'
import { isAlive, Trilog, untilGone, type Ready } from './trilog.ts'

let trilog: Trilog
beforeEach(() => {
  trilog = new Trilog()
})
afterEach(() => trilog.end())

/** Long enough for what kills itself, short enough to say that something is left running. */
const GONE_WITHIN_MS = 15_000

const record = (value: string) => ({ partition: 0, key: null, value, headers: [], timestamp: null })

async function store(cluster: Ready, topic: string, ...values: readonly string[]) {
  await kafkajs.produce(cluster.bootstrap, { topic, codec: 'none', records: values.map(record) })
}

async function stored(cluster: Ready, topic: string, count: number): Promise<(string | null)[]> {
  const consumed = await kafkajs.consume(cluster.bootstrap, { topic, groupId: `readers-${Math.random()}`, count })
  return consumed.map(each => each.value)
}

const clusterIdIn = (dir: string) => /cluster.id=(.*)/.exec(readFileSync(join(dir, 'meta.properties'), 'utf8'))?.[1]
const directoryIdIn = (dir: string) => /directory.id=(.*)/.exec(readFileSync(join(dir, 'meta.properties'), 'utf8'))?.[1]

const inSync = async (data: string) =>
  eventually('all replicas in sync', async () => (await trilog.status(data)).underReplicated.length === 0)

describe('trilog up', () => {
  it('says in one line of JSON what scripts need, and means it', async () => {
    const data = trilog.folder('cluster')
    const up = await trilog.up(data, '--port', '0')
    const { process: host, ended, ...ready } = up
    expect(Object.keys(ready).sort()).toEqual(['bootstrap', 'brokers', 'data', 'pid', 'readyMs', 'url'])
    expect(ready).toMatchObject({ data, pid: host.pid })
    expect(ready.readyMs).toBeGreaterThan(0)
    expect(ready.brokers.map(broker => Object.keys(broker).sort())).toEqual([0, 1, 2].map(() => ['dir', 'id', 'pid', 'port']))
    expect(ready.brokers.map(broker => broker.id)).toEqual([1, 2, 3])
    const [first] = ready.brokers
    expect(ready.brokers.map(broker => broker.port)).toEqual([0, 1, 2].map(n => (first?.port ?? 0) + n))
    expect(ready.bootstrap).toBe(ready.brokers.map(broker => `127.0.0.1:${broker.port}`).join(','))
    expect(ready.brokers.every(broker => isAlive(broker.pid) && existsSync(join(broker.dir, 'meta.properties')))).toBe(true)
    const ids = ready.brokers.map(({ id, port }) => `${id} at ${port}`)
    await eventually('clients are told of all brokers', async () => {
      const { brokers } = await withAdmin(kafkaOf(ready.bootstrap, 'lifecycle'), admin => admin.describeCluster())
      return (
        brokers
          .map(({ nodeId, port }) => `${nodeId} at ${port}`)
          .sort()
          .join() === ids.join()
      )
    })
    const opened = await fetch(ready.url, { redirect: 'manual' })
    const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? ''
    const page = await fetch(new URL(opened.headers.get('location') ?? '', ready.url), { headers: { cookie } })
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')])

    const status = await trilog.status(data)
    expect(status).toMatchObject({ bootstrap: ready.bootstrap, pid: ready.pid, underReplicated: [] })
    const logDirs = (dir: string) => [{ path: dir, state: 'online', problem: null }]
    expect(status.brokers).toEqual(ready.brokers.map(broker => ({ ...broker, state: 'running', logDirs: logDirs(broker.dir) })))
    expect([1, 2, 3]).toContain(status.controller)
    const told = await trilog.tell('status', '--data', data)
    for (const { port } of ready.brokers) expect(told).toContain(`127.0.0.1:${port}`)

    host.kill('SIGINT')
    expect(await ended).toMatchObject({ status: 0, stdout: JSON.stringify(ready) })
    await untilGone(ready)
  })

  it('stays when it is detached, until it is told to go', async () => {
    const data = trilog.folder('cluster')
    const ready = trilog.remembers(JSON.parse(await trilog.tell('up', '--detach', '--json', '--port', '0', '--data', data)) as Ready)
    expect(isAlive(ready.pid)).toBe(true)
    expect((await trilog.status(data)).brokers.map(broker => broker.state)).toEqual(['running', 'running', 'running'])
    await trilog.tell('down', '--data', data)
    await untilGone(ready)
  })

  it('keeps ports, ids and data through down and up, and forgets them with down --delete', async () => {
    const data = trilog.folder('cluster')
    const first = await trilog.up(data, '--port', '0')
    await store(first, 'kept', 'one', 'two')
    const ids = first.brokers.map(({ dir }) => [clusterIdIn(dir), directoryIdIn(dir)])
    await trilog.tell('down', '--data', data)
    expect((await first.ended).status).toBe(0)
    await untilGone(first)

    const second = await trilog.up(data)
    expect(second.brokers.map(({ id, port, dir }) => ({ id, port, dir }))).toEqual(
      first.brokers.map(({ id, port, dir }) => ({ id, port, dir })),
    )
    expect(second.brokers.map(({ dir }) => [clusterIdIn(dir), directoryIdIn(dir)])).toEqual(ids)
    await store(second, 'kept', 'three')
    expect(await stored(second, 'kept', 3)).toEqual(['one', 'two', 'three'])
    await trilog.tell('down', '--delete', '--data', data)
    await untilGone(second)
    expect(existsSync(data)).toBe(false)
  })

  it('names a port that is in use, and leaves nothing running', async () => {
    const data = trilog.folder('cluster')
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const { status, stdout, stderr } = await trilog.run('up', '--data', data, '--port', String(port))
    server.close()
    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain(`${port}`)
    // The folder is free for another try.
    const up = await trilog.up(data, '--port', '0')
    await trilog.tell('down', '--data', data)
    await untilGone(up)
  })

  it('names a folder that another cluster holds, and leaves that cluster alone', async () => {
    const data = trilog.folder('cluster')
    const up = await trilog.up(data, '--port', '0')
    const { status, stderr } = await trilog.run('up', '--data', data, '--port', '0')
    expect(status).toBe(1)
    expect(stderr).toContain(data)
    expect(stderr).toContain(String(up.pid))
    expect((await trilog.status(data)).brokers.map(broker => [broker.pid, broker.state])).toEqual(
      up.brokers.map(broker => [broker.pid, 'running']),
    )
    await trilog.tell('down', '--data', data)
  })

  it.each([['up', '--port', 'many'], ['up', '--set', 'novalue'], ['up', '--unheard-of'], ['stop'], ['stop', '1', '--wipe'], ['explode']])(
    'ends with status 2 and the usage for `trilog %s %s %s`',
    async (...args) => {
      const { status, stdout, stderr } = await trilog.run(...args.filter(arg => arg !== undefined))
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
      expect(stderr).toContain('Usage: trilog')
    },
  )

  it('ends with status 1 for what cannot be: a config that Kafka does not have, a cluster that does not run', async () => {
    const data = trilog.folder('cluster')
    const unknown = await trilog.run('up', '--data', data, '--port', '0', '--set', 'log.retention.parsecs=1')
    expect(unknown.status).toBe(1)
    expect(unknown.stderr).toContain('log.retention.parsecs')
    for (const command of [['status'], ['stop', '1'], ['down']]) {
      const { status, stderr } = await trilog.run(...command, '--data', data)
      expect(status).toBe(1)
      expect(stderr).toContain(data)
    }
  })

  it("does not touch a folder that is not a cluster's", async () => {
    const data = trilog.folder('notes')
    await mkdir(data)
    await writeFile(join(data, 'diary.txt'), 'mine')
    const { status } = await trilog.run('down', '--delete', '--data', data)
    expect(await readdir(data).catch(() => [])).toContain('diary.txt')
    expect(status).toBe(1)
  })
})

describe('trilog with one broker', () => {
  it('stops, kills, freezes, thaws and restarts it, and empties its disk', async () => {
    const data = trilog.folder('cluster')
    const up = await trilog.up(data, '--port', '0')
    await store(up, 'wiped-and-caught-up', ...Array.from({ length: 50 }, (_, n) => `record ${n}`))
    const pidOf = async (id: number) => (await trilog.status(data)).brokers.find(broker => broker.id === id)?.pid ?? 0
    const firstPid = await pidOf(2)

    await trilog.tell('stop', '2', '--data', data)
    expect(await trilog.stateOf(data, 2)).toBe('stopped')
    expect(isAlive(firstPid)).toBe(false)
    expect(existsSync(join(up.brokers[1]?.dir ?? '', '.kafka_cleanshutdown')), 'a stop is a clean shutdown').toBe(true)
    await trilog.tell('restart', '2', '--data', data)
    expect(await trilog.stateOf(data, 2)).toBe('running')
    const secondPid = await pidOf(2)
    expect(secondPid).not.toBe(firstPid)

    await trilog.tell('kill', '2', '--data', data)
    expect(await trilog.stateOf(data, 2)).toBe('killed')
    expect(isAlive(secondPid)).toBe(false)
    await trilog.tell('restart', '2', '--data', data)

    await trilog.tell('pause', '2', '--data', data)
    expect(await trilog.stateOf(data, 2)).toBe('frozen')
    expect(readFileSync(`/proc/${await pidOf(2)}/status`, 'utf8')).toMatch(/^State:\s+T/m)
    // kafkajs asks whom it finds first, and waits long for a broker that takes connections and says nothing.
    await eventually('the others go on without it', async () => (await trilog.status(data)).underReplicated.length > 0)
    const others = up.brokers.filter(broker => broker.id !== 2).map(broker => `127.0.0.1:${broker.port}`)
    await store({ ...up, bootstrap: others.join(',') }, 'wiped-and-caught-up', 'while it was frozen')
    await trilog.tell('resume', '2', '--data', data)
    expect(await trilog.stateOf(data, 2)).toBe('running')
    await inSync(data)

    const [one, two] = up.brokers.map(broker => broker.dir)
    const directoryId = directoryIdIn(two ?? '')
    await trilog.tell('restart', '2', '--wipe', '--data', data)
    expect(await trilog.stateOf(data, 2)).toBe('running')
    expect(directoryIdIn(two ?? '')).not.toBe(directoryId)
    await inSync(data)
    const reads = await stored(up, 'wiped-and-caught-up', 51)
    expect(reads.at(-1)).toBe('while it was frozen')
    await trilog.tell('down', '--data', data)
    await untilGone(up)
    const bytes = await logBytes(two ?? '', 'wiped-and-caught-up', 0)
    expect(bytes.length).toBeGreaterThan(500)
    expect(bytes.equals(await logBytes(one ?? '', 'wiped-and-caught-up', 0)), 'the same bytes').toBe(true)
  })

  it('says what one waits for that is started alone after all were killed, and starts a majority together', async () => {
    const data = trilog.folder('cluster')
    await trilog.up(data, '--port', '0')
    await trilog.tell('kill', '1', '2', '3', '--data', data)
    const alone = await trilog.run('restart', '1', '--data', data)
    expect(alone.status).toBe(1)
    expect(alone.stderr).toContain('2 of the voters 1, 2, 3 have to run at the same time, and 2, 3 do not')
    expect(alone.stderr).toContain(`trilog restart 2 3 --data ${data}`)
    expect(await trilog.stateOf(data, 1)).toBe('starting')
    await trilog.tell('restart', '2', '3', '--data', data)
    await eventually('the one that waited is ready as well', async () => (await trilog.stateOf(data, 1)) === 'running')
    await trilog.tell('down', '--data', data)
  })

  it('shows that one died whom nobody asked to, and lets it lie', async () => {
    const data = trilog.folder('cluster')
    const up = await trilog.up(data, '--port', '0')
    process.kill(up.brokers[2]?.pid ?? 0, 'SIGKILL')
    await eventually('it is shown as died', async () => (await trilog.stateOf(data, 3)) === 'died')
    expect(await trilog.tell('status', '--data', data)).toContain('SIGKILL')
    await store(up, 'meanwhile', 'one', 'two')
    await trilog.tell('restart', '1', '--data', data) // takes its time, in which a restart would have happened
    expect(await trilog.stateOf(data, 3)).toBe('died')
    await trilog.tell('restart', '3', '--data', data)
    await inSync(data)
    expect(await stored(up, 'meanwhile', 2)).toEqual(['one', 'two'])
    await trilog.tell('down', '--data', data)
  })

  it('starts one again that died, with --restart-died', async () => {
    const data = trilog.folder('cluster')
    const up = await trilog.up(data, '--port', '0', '--restart-died')
    const died = up.brokers[2]?.pid ?? 0
    process.kill(died, 'SIGKILL')
    await eventually('another process runs', async () => {
      const broker = (await trilog.status(data)).brokers[2]
      return broker?.state === 'running' && broker.pid !== died
    })
    await inSync(data)
    await trilog.tell('kill', '3', '--data', data)
    expect(await trilog.stateOf(data, 3), 'a kill was asked for').toBe('killed')
    await trilog.tell('down', '--data', data)
  })
})

describe('no process is left', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('after %s, also when a broker was frozen and another killed', async signal => {
    const data = trilog.folder('cluster')
    const up = await trilog.up(data, '--port', '0')
    await trilog.tell('pause', '1', '--data', data)
    await trilog.tell('kill', '2', '--data', data)
    up.process.kill(signal)
    expect((await up.ended).status).toBe(0)
    await untilGone(up, GONE_WITHIN_MS)
  })

  it('after Ctrl-C before it was ready', async () => {
    const data = trilog.folder('cluster')
    const starting = trilog.up(data, '--port', '0').catch((error: unknown) => error)
    const pid = await eventually('brokers are being started', async () => {
      const found = await brokersOf(data)
      return found.length === 3 && found
    })
    process.kill(trilog.lastPid, 'SIGINT')
    await starting
    await eventually('all are gone', () => ![trilog.lastPid, ...pid].some(isAlive), GONE_WITHIN_MS)
  })

  it('within seconds of a kill -9 of the host, also when a broker was frozen', async () => {
    const data = trilog.folder('cluster')
    const up = await trilog.up(data, '--port', '0')
    await store(up, 'survives', 'one')
    await trilog.tell('pause', '3', '--data', data)
    up.process.kill('SIGKILL')
    await untilGone(up, GONE_WITHIN_MS)
    const again = await trilog.up(data)
    expect(await stored(again, 'survives', 1)).toEqual(['one'])
    await trilog.tell('down', '--data', data)
    await untilGone(again)
  })
})

/** Broker processes of a folder, whoever started them: their properties file is in it. */
async function brokersOf(data: string): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(join(data, 'broker-'))) found.push(Number(name))
    } catch {
      continue // it ended meanwhile
    }
  }
  return found
}
