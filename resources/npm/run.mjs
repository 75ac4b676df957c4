// node resources/npm/run.mjs [--build] FILE.ts [arguments]: runs a TypeScript file of this repository on the pinned Node.
import { build, environment, install, main, pinnedNode, root } from './prepare.mjs'
import { run } from './child.mjs'

await main(async args => {
  const needsBuild = args[0] === '--build'
  await install()
  if (needsBuild) await build()
  return run(await pinnedNode(), needsBuild ? args.slice(1) : args, { cwd: root, env: await environment() })
})
