import { join } from 'node:path'
import { findPython } from '../../../resources/npm/programs.mjs'
import { everyCodec, runProgram, type AdminReport, type Client, type ClientLag, type Codec, type Consumed } from './client.ts'

interface PythonClient {
  readonly name: string
  readonly script: string
  /** Without which it cannot do anything, and the Debian package that brings it. */
  readonly module: string
  readonly debian: string
  /** A codec that it can use only when another module is there too. */
  readonly codecModules?: Partial<Record<Codec, string>>
}

/** A client in Python: a script beside this file that reads one order as JSON and writes its answer as JSON. */
function pythonClient({ name, script, module, debian, codecModules = {} }: PythonClient): Client {
  const python = findPython(module)
  const order = async <T>(bootstrap: string, command: string, what: object): Promise<T> => {
    if (python === undefined) throw new Error(`There is no Python that has ${module}`)
    const answer = await runProgram(python, [join(import.meta.dirname, script)], JSON.stringify({ bootstrap, command, ...what }))
    return JSON.parse(answer.toString('utf8')) as T
  }
  const hasModuleOf = (codec: Codec) => {
    const needed = codecModules[codec]
    return needed === undefined || (python !== undefined && findPython(`${module}, ${needed}`) !== undefined)
  }
  return {
    name,
    codecs: python === undefined ? [] : everyCodec.filter(hasModuleOf),
    isRich: true,
    missing: () => (python === undefined ? `${name} is not on this machine (Debian: apt-get install ${debian})` : undefined),
    createTopic: (bootstrap, topic) => order(bootstrap, 'create', topic),
    produce: (bootstrap, what) => order(bootstrap, 'produce', what),
    consume: (bootstrap, what) => order<Consumed[]>(bootstrap, 'consume', what),
    administer: (bootstrap, what) => order<AdminReport>(bootstrap, 'administer', what),
    lag: (bootstrap, what) => order<ClientLag[]>(bootstrap, 'lag', what),
  }
}

/** On librdkafka, as Go, C#, Rust, PHP and others are. */
export const confluentPython = pythonClient({
  name: 'confluent_kafka (Python)',
  script: 'confluent_client.py',
  module: 'confluent_kafka',
  debian: 'python3-confluent-kafka',
})

export const kafkaPython = pythonClient({
  name: 'kafka (Python)',
  script: 'kafka_python_client.py',
  module: 'kafka',
  debian: 'python3-kafka',
  codecModules: { snappy: 'snappy', lz4: 'lz4.frame', zstd: 'zstandard' },
})
