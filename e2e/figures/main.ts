import { parseArgs } from 'node:util'
import { tableOf } from '../../bench/figures.ts'
import { manyTopics } from './manyTopics.ts'
import { messagesScreen } from './messagesScreen.ts'

const { values: given } = parseArgs({ options: { quick: { type: 'boolean' } } })
const quick = given.quick ?? false
process.stdout.write(`${tableOf(await messagesScreen(quick ? 3 : 10, quick ? 600_000 : 10_000_000))}\n`)
process.stdout.write(`${tableOf(await manyTopics(quick ? 2 : 5, quick ? { topics: 100, groups: 20 } : { topics: 1_000, groups: 200 }))}\n`)
process.exit(0)
