// npm run peer: our files and our brokers beside Apache Kafka's own programs. Needs Java, and KAFKA_HOME or Maven with a way to its central repository.
import { build, environment, Failure, install, main, note, pinnedNode, root, tool } from './prepare.mjs'
import { run } from './child.mjs'
import { KAFKA_VERSION, kafkaClasspath } from './kafka.mjs'

await main(async args => {
  await install()
  await build()
  note(`Looking for Apache Kafka ${KAFKA_VERSION} …`)
  if ((await kafkaClasspath()) === undefined) {
    throw new Failure('Apache Kafka is not to be had: it takes Java, and KAFKA_HOME or Maven. Nothing was compared.')
  }
  return run(await pinnedNode(), [tool('vitest', 'vitest.mjs'), 'run', '--project=peer', ...args], { cwd: root, env: await environment() })
})
