import { onPath } from '../../../resources/npm/programs.mjs'
import { bytesOf, everyCodec, runProgram, type Client, type Consumed, type ToProduce } from './client.ts'

/** Between a key and its value on kcat's command line and input; in no record. */
const BETWEEN = '\u001f'
const LIBRDKAFKA = ['-X', 'message.max.bytes=1048588', '-X', 'topic.metadata.refresh.interval.ms=1000']

/** A record and what is before it: partition, offset, timestamp, length of the key, length of the value, headers; a null has the length -1. */
const FORMAT = '%p %o %T %K %S %h\n%k%s\n'

export const kcat: Client = {
  name: 'kcat',
  codecs: everyCodec,
  isRich: false,
  missing: () => (onPath('kcat') === undefined ? 'kcat is not on this machine (Debian: apt-get install kcat)' : undefined),

  async produce(bootstrap, { topic, codec, records }) {
    // One run of kcat has one partition, and one set of headers.
    const runs = Map.groupBy(records, ({ partition, headers }) => JSON.stringify([partition, headers]))
    for (const run of runs.values()) await produceRun(bootstrap, topic, codec, run)
  },

  async consume(bootstrap, { topic, groupId, count }) {
    const options = ['-X', 'auto.offset.reset=earliest', '-X', 'session.timeout.ms=10000', '-X', 'fetch.wait.max.ms=100', ...LIBRDKAFKA]
    const args = ['-b', bootstrap, '-G', groupId, ...options, '-c', String(count), '-q', '-f', FORMAT, topic]
    return parse(await runProgram('kcat', args))
  },
}

async function produceRun(bootstrap: string, topic: string, codec: string, records: readonly ToProduce[]): Promise<void> {
  const [first] = records
  if (first === undefined) return
  const headers = first.headers.flatMap(([name, value]) => ['-H', value === null ? name : `${name}=${value}`])
  const args = ['-P', '-b', bootstrap, '-t', topic, '-p', String(first.partition), '-K', BETWEEN, '-Z', '-z', codec, ...headers]
  const lines = records.map(({ key, value }) => `${key ?? ''}${BETWEEN}${value ?? ''}\n`).join('')
  await runProgram('kcat', [...args, '-X', 'acks=all', '-X', 'enable.idempotence=true', ...LIBRDKAFKA], bytesOf(lines) ?? '')
}

function parse(output: Buffer): Consumed[] {
  const consumed: Consumed[] = []
  for (let at = 0; at < output.length;) {
    const end = output.indexOf('\n', at)
    const [partition = '', offset = '', timestamp = '', keyLength = '', valueLength = '', ...rest] = output
      .toString('latin1', at, end)
      .split(' ')
    at = end + 1
    const take = (length: number) => {
      if (length < 0) return null
      at += length
      return output.toString('latin1', at - length, at)
    }
    const [key, value] = [take(Number(keyLength)), take(Number(valueLength))]
    at += 1
    consumed.push({
      partition: Number(partition),
      offset: Number(offset),
      key,
      value,
      headers: headersIn(rest.join(' ')),
      timestamp: Number(timestamp),
    })
  }
  return consumed
}

/** `name=value,name=value`; NULL is null. */
function headersIn(text: string): (readonly [string, string | null])[] {
  if (text === '') return []
  return text.split(',').map(each => {
    const cut = each.indexOf('=')
    const value = each.slice(cut + 1)
    return [each.slice(0, cut), value === 'NULL' ? null : value] as const
  })
}
