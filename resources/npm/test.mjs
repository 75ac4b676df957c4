// npm test: everything that needs no outside service, one part after the other, also when an earlier one failed.
// npm test -- --only unit,lint runs a part of it. The last line sums up.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findChromium } from './programs.mjs'
import { run } from './child.mjs'
import { equip } from './machine.mjs'
import { build, environment, Failure, install, main, note, pinnedNode, root, tool } from './prepare.mjs'
import { notRun, ofPlaywright, ofStatus, ofVitest, sentence, total } from './tally.mjs'

const reports = mkdtempSync(join(tmpdir(), 'trilog-test-'))
process.once('exit', () => rmSync(reports, { recursive: true, force: true }))

/** In the order in which they run: what is quick and says most comes first. */
const parts = {
  typecheck: async () => ofStatus(await script('typecheck')),
  lint: async () => ofStatus(await script('lint')),
  unit: () => vitest('unit', 'renderer'),
  build: async () => ofStatus(await build({ force: true }).then(() => 0, sayWhy)),
  process: () => vitest('process'),
  e2e: () => playwright('web', 'desktop'),
}
const needsBuild = ['process', 'e2e']

await main(async args => {
  const chosen = chosenParts(args)
  await install()
  await equip(chosen)

  const results = []
  for (const name of chosen) {
    note(`\n── ${name}`)
    const startedAt = Date.now()
    if (needsBuild.includes(name) && !chosen.includes('build')) await build()
    const tally = await parts[name]()
    results.push({ name, tally, seconds: (Date.now() - startedAt) / 1000 })
  }

  const sum = total(results.map(each => each.tally))
  console.log()
  for (const { name, tally, seconds } of results) {
    console.log(`${name.padEnd(10)} ${sentence(tally).padEnd(40)} ${seconds.toFixed(1).padStart(7)} s`)
  }
  console.log(sentence(sum))
  return sum.failed === 0 ? 0 : 1
})

function chosenParts(args) {
  if (args.length === 0) return Object.keys(parts)
  const names = (args[0] === '--only' ? args[1] : args[0]?.startsWith('--only=') ? args[0].slice('--only='.length) : undefined)?.split(',')
  if (names === undefined || !names.every(name => name in parts)) {
    throw new Failure(`npm test -- --only PART,…   where PART is one of ${Object.keys(parts).join(', ')}`)
  }
  return Object.keys(parts).filter(name => names.includes(name))
}

/** A script of package.json, which is where people look for what it does. */
async function script(name) {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return run(scripts[name], [], { cwd: root, shell: true, env: await environment() })
}

async function vitest(...projects) {
  const report = join(reports, `vitest-${projects.join('-')}.json`)
  const args = ['run', ...projects.map(name => `--project=${name}`), '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const status = await run(await pinnedNode(), [tool('vitest', 'vitest.mjs'), ...args], { cwd: root, env: await environment() })
  return ofVitest(readReport(report), status)
}

async function playwright(...projects) {
  const report = join(reports, 'playwright.json')
  const isRunnable = findChromium() !== undefined
  const args = [
    'test',
    ...projects.map(name => `--project=${name}`),
    ...(isRunnable ? ['--reporter=list,json'] : ['--list', '--reporter=json']),
  ]
  const status = await run(await pinnedNode(), [tool('@playwright/test', 'cli.js'), ...args], {
    cwd: root,
    env: await environment({ PLAYWRIGHT_JSON_OUTPUT_FILE: report }),
  })
  return (isRunnable ? ofPlaywright : notRun)(readReport(report), status)
}

/** Nothing, where the runner did not live to write it. */
function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (failure) {
    note(`No report from the runner: ${failure.message}`)
    return undefined
  }
}

function sayWhy(failure) {
  note(failure instanceof Failure ? failure.message : String(failure))
  return 1
}
