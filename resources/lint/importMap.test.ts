import { cruise } from 'dependency-cruiser'
import type { ICruiseResult, IForbiddenRuleType } from 'dependency-cruiser'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const require = createRequire(import.meta.url)
const { forbidden } = require('../../.dependency-cruiser.cjs') as { forbidden: IForbiddenRuleType[] }

/** Importer, imported, and the rule that must refuse it; without a rule, the import is as it should be. */
const edges: readonly (readonly [from: string, to: string, refusedBy?: string])[] = [
  ['src-main/wire/frames.ts', 'src-main/protocol/schema.ts'],
  ['src-main/broker/handlers/fetch.ts', 'src-main/quorum/driver.ts'],
  ['src-main/broker/network/listener.ts', 'src-main/broker/quotas.ts'],
  ['src-main/server/server.ts', 'src-main/controller/controller.ts'],
  ['src-main/server/main.ts', 'src-main/env/node/nodeEnv.ts'],
  ['src-main/hosts/cli/main.ts', 'src-main/cluster/launch.ts'],
  ['src-main/hosts/desktop/window.ts', 'electron'],
  ['src-main/cluster/supervisor.ts', 'src-main/server/config.ts'],
  ['src-main/storage/log.test.ts', 'src-main/simulation/world.ts'],
  ['src-main/cluster/restart.process.test.ts', 'src-main/env/node/clock.ts'],
  ['src-main/env/node/disk.ts', 'node:fs'],
  ['src-main/protocol/crc.ts', 'node:zlib'],
  ['src-renderer/stores/topics.ts', 'src-main/contract/topics.ts'],
  ['src-renderer/views/topics/TopicTail.ts', 'src-renderer/stores/groups.ts'],

  ['src-main/base/assert.ts', 'src-main/contract/a.ts', 'src-main/base imports only what is below it'],
  ['src-main/contract/b.ts', 'src-main/admin/a.ts', 'src-main/contract imports only what is below it'],
  ['src-main/protocol/clock.ts', 'src-main/env/clock.ts', 'deciding knows no world'],
  ['src-main/metadata/image.ts', 'src-main/wire/a.ts', 'deciding knows no world'],
  ['src-main/quorum/step.ts', 'src-main/env/random.ts', 'deciding knows no world'],
  ['src-main/storage/segment.ts', 'src-main/metadata/a.ts', 'src-main/storage imports only what is below it'],
  ['src-main/broker/leaders.ts', 'src-main/controller/a.ts', 'src-main/broker imports only what is below it'],
  ['src-main/controller/acks.ts', 'src-main/broker/a.ts', 'src-main/controller imports only what is below it'],
  ['src-main/storage/upwards.ts', 'src-main/quorum/a.ts', 'src-main/storage imports only what is below it'],
  ['src-main/admin/topics.ts', 'src-main/storage/a.ts', 'src-main/admin imports only what is below it'],
  ['src-main/admin/local.ts', 'src-main/cluster/a.ts', 'src-main/admin imports only what is below it'],
  ['src-main/cluster/peek.ts', 'src-main/server/server2.ts', 'src-main/cluster imports only what is below it'],
  ['src-main/quorum/remote.ts', 'src-main/connections/a.ts', 'src-main/quorum imports only what is below it'],
  ['src-main/helpers/any.ts', 'src-main/base/a.ts', 'every folder is on the map'],
  ['src-main/broker/world.ts', 'src-main/simulation/world2.ts', 'the simulation is for tests'],
  ['src-main/hosts/cli/again.ts', 'src-main/hosts/web/main.ts', 'an entry is imported by nobody'],
  ['src-main/broker/files.ts', 'src-main/env/node/disk2.ts', 'the real world comes in through entries'],
  ['src-main/storage/direct.ts', 'node:fs', 'only env/node, connections and hosts touch the machine'],
  ['src-main/broker/network/direct.ts', 'node:net', 'only env/node, connections and hosts touch the machine'],
  ['src-main/cluster/direct.ts', 'node:child_process', 'only env/node, connections and hosts touch the machine'],
  ['src-main/broker/screen.ts', 'electron', 'electron stays in hosts/desktop'],
  ['src-main/hosts/web/dialog.ts', 'electron', 'electron stays in hosts/desktop'],
  ['src-renderer/app/bridge.ts', 'src-main/bridge/router.ts', 'the renderer leaves only through the contract'],
  ['src-renderer/app/files.ts', 'node:fs', 'the renderer runs in a browser'],
  ['src-main/admin/draw.ts', 'src-renderer/components/table.ts', 'main draws nothing'],
  ['src-main/admin/reactive.ts', 'vue', 'main draws nothing'],
  ['src-renderer/components/list.ts', 'src-renderer/stores/topics2.ts', 'src-renderer/components imports only what is below it'],
  ['src-renderer/stores/screen.ts', 'src-renderer/views/groups/a.ts', 'src-renderer/stores imports only what is below it'],
  ['src-renderer/views/topics/list.ts', 'src-renderer/views/groups/lag.ts', 'a view imports no other view'],
  ['src-main/admin/rows.ts', 'kafkajs', 'shipped code uses shipped packages'],
  ['src-main/quorum/ring.ts', 'src-main/quorum/ring.ts', 'no circles'],
  ['src-main/base/lost.ts', './nowhere.ts', 'every import leads somewhere'],
]

/** What stands in for the packages: the rules look at where an import leads and how package.json lists it. */
const packages = { dependencies: {}, devDependencies: { electron: '1.0.0', vue: '1.0.0', kafkajs: '1.0.0' } }

describe('the import map', () => {
  const here = process.cwd()
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'trilog-import-map-')))
  let refused: ICruiseResult['summary']['violations']

  beforeAll(async () => {
    const write = (path: string, text: string) => {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    write('package.json', JSON.stringify(packages))
    for (const name of Object.keys(packages.devDependencies)) {
      write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }))
      write(`node_modules/${name}/index.js`, '')
    }
    const isFile = (path: string) => path.startsWith('src-')
    for (const [, to] of edges) if (isFile(to)) write(to, 'export default 1\n')
    for (const [from, to] of edges) {
      const specifier = isFile(to) ? relative(dirname(from), to).replace(/^(?!\.)/, './') : to
      write(from, `import it from '${specifier}'\nexport default it\n`)
    }
    process.chdir(root) // dependency-cruiser resolves against the working directory
    const { output } = await cruise(['src-main', 'src-renderer'], {
      validate: true,
      ruleSet: { forbidden },
      tsPreCompilationDeps: true,
      combinedDependencies: false,
      doNotFollow: { path: 'node_modules' },
      baseDir: root,
    })
    refused = (output as ICruiseResult).summary.violations
  })

  afterAll(() => {
    process.chdir(here)
    rmSync(root, { recursive: true })
  })

  it.each(edges.filter(([, , rule]) => rule !== undefined))('refuses %s → %s: %s', (from, _to, rule) => {
    expect(refused.filter(each => each.from === from).map(each => each.rule.name)).toContain(rule)
  })

  it.each(edges.filter(([, , rule]) => rule === undefined))('lets %s import %s', from => {
    expect(refused.filter(each => each.from === from)).toEqual([])
  })

  it('has no rule that nothing tries out', () => {
    const tried = new Set(edges.map(([, , rule]) => rule))
    const perFolder = / imports only what is below it$/
    expect(forbidden.map(rule => rule.name).filter(name => name !== undefined && !perFolder.test(name) && !tried.has(name))).toEqual([])
  })
})
