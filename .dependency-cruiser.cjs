/**
 * Who may import whom. `src-main` is two towers on shared ground; imports go down, never sideways, never from tower to tower.
 *
 *   ground         base, contract  ←  env, protocol  ←  wire
 *   broker tower   storage, metadata  ←  quorum  ←  controller | broker  ←  server
 *   app tower      connections  ←  admin | cluster  ←  bridge  ←  hosts
 *   renderer       components, charts, composables, stores  ←  views  ←  app;   src-main/contract is its only way out
 *
 * The maps below are that picture as data: a folder, and the folders it may import from. `resources/lint/importMap.test.ts` proves that they bite.
 */
const ground = ['base', 'contract', 'env', 'protocol', 'wire']

const main = {
  base: [],
  contract: [],
  env: ['base', 'contract'],
  protocol: ['base', 'contract'],
  wire: ['base', 'contract', 'env', 'protocol'],

  storage: ground,
  metadata: ['base', 'contract', 'protocol'], // pure: knows neither env nor what is built on it
  quorum: [...ground, 'storage', 'metadata'],
  controller: [...ground, 'storage', 'metadata', 'quorum'],
  broker: [...ground, 'storage', 'metadata', 'quorum'],
  server: [...ground, 'storage', 'metadata', 'quorum', 'controller', 'broker'],

  connections: ground,
  admin: [...ground, 'connections'],
  cluster: [...ground, 'connections'],
  bridge: [...ground, 'connections', 'admin', 'cluster'],
  hosts: [...ground, 'connections', 'admin', 'cluster', 'bridge'],

  // The whole cluster in one process, seen from outside by the clients that people use.
  simulation: [...ground, 'storage', 'metadata', 'quorum', 'controller', 'broker', 'server', 'connections', 'admin', 'cluster'],
}

const renderer = {
  i18n: [],
  styles: [],
  charts: ['i18n', 'styles', 'composables'],
  composables: ['i18n', 'styles'],
  components: ['i18n', 'styles', 'composables'], // props in, events out: no store
  stores: ['i18n', 'styles', 'composables'],
  views: ['i18n', 'styles', 'charts', 'composables', 'components', 'stores'],
  app: ['i18n', 'styles', 'charts', 'composables', 'components', 'stores', 'views'],
}

/** Modules of Node that touch the world: time, disk, network, processes. */
const worldly =
  '^(node:)?(child_process|cluster|dgram|dns|fs|http|http2|https|inspector|net|os|perf_hooks|readline|repl|sqlite|timers|v8|vm|worker_threads)(/|$)'

/** Real processes on a real machine: may use what an entry may. */
const processTest = '[.]process[.]test[.]ts$'

const layersOf = (root, map) =>
  Object.entries(map).map(([folder, below]) => ({
    name: `${root}/${folder} imports only what is below it`,
    severity: 'error',
    from: { path: `^${root}/${folder}/`, pathNot: processTest },
    to: { path: `^${root}/`, pathNot: [`^${root}/(${[folder, ...below].join('|')})/`, ...(exceptions[`${root}/${folder}`] ?? [])] },
  }))

const exceptions = {
  // Tests drive their part in the simulated world, which none of the shipped code may know (see the rule below).
  ...Object.fromEntries(Object.keys(main).map(folder => [`src-main/${folder}`, ['^src-main/simulation/']])),
}
// One type and one path: how a broker process is configured, and where its entry is.
exceptions['src-main/cluster'].push('^src-main/server/config[.]ts$')
// What the records of a metadata log add up to is one piece of pure knowledge, whoever reads the log.
exceptions['src-main/cluster'].push('^src-main/metadata/(image|delta|configResource|builders)[.]ts$')

module.exports = {
  forbidden: [
    ...layersOf('src-main', main),
    ...layersOf('src-renderer', renderer),

    {
      name: 'every folder is on the map',
      severity: 'error',
      from: {
        path: '^(src-main|src-renderer)/',
        pathNot: [`^src-main/(${Object.keys(main).join('|')})/`, `^src-renderer/(${Object.keys(renderer).join('|')})/`, '[.]d[.]ts$'],
      },
      to: {},
    },
    {
      name: 'the simulation is for tests',
      severity: 'error',
      from: { path: '^(src-main|src-renderer)/', pathNot: ['^src-main/simulation/', '[.](test|suite)[.]ts$'] },
      to: { path: '^src-main/simulation/' },
    },
    {
      name: 'deciding knows no world',
      severity: 'error',
      from: { path: ['^src-main/(base|contract|protocol|metadata)/', '(^|/)step[.]ts$'] },
      to: { path: '^src-main/(env|wire)/' },
    },
    {
      name: 'an entry is imported by nobody',
      severity: 'error',
      from: {},
      to: { path: '^src-main/.*(^|/)main[.]ts$' },
    },
    {
      name: 'the real world comes in through entries',
      severity: 'error',
      from: {
        path: '^src-main/',
        pathNot: [
          '^src-main/(env/node|connections|hosts)/',
          '^src-main/server/main[.]ts$',
          '^src-main/simulation/(main|coursePool|mutationPool)[.]ts$',
          processTest,
        ],
      },
      to: { path: '^src-main/env/node/' },
    },
    {
      name: 'only env/node, connections and hosts touch the machine',
      severity: 'error',
      from: {
        path: '^src-main/',
        pathNot: ['^src-main/(env/node|connections|hosts)/', '^src-main/simulation/(main|coursePool|mutationPool)[.]ts$', processTest],
      },
      to: { dependencyTypes: ['core'], path: worldly },
    },
    {
      name: 'electron stays in hosts/desktop',
      severity: 'error',
      from: { path: '^(src-main|src-renderer|bench)/', pathNot: '^src-main/hosts/desktop/' },
      to: { path: '(^|node_modules/)electron($|/)' },
    },
    {
      name: 'the renderer leaves only through the contract',
      severity: 'error',
      from: { path: '^src-renderer/' },
      to: { path: '^(src-main/(?!contract/)|bench/|e2e/|resources/)' },
    },
    {
      name: 'the renderer runs in a browser',
      severity: 'error',
      from: { path: '^src-renderer/', pathNot: '[.]test[.]ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'main draws nothing',
      severity: 'error',
      from: { path: '^src-main/' },
      to: {
        path: '^(src-renderer/|bench/|e2e/)|node_modules/(vue|vue-router|vue-i18n|pinia|reka-ui|uplot|@vueuse|@tanstack|@codemirror|@lucide)/',
      },
    },
    {
      name: 'a view imports no other view',
      severity: 'error',
      from: { path: '^src-renderer/views/([^/]+)/' },
      to: { path: '^src-renderer/views/', pathNot: '^src-renderer/views/$1/' },
    },
    {
      name: 'shipped code uses shipped packages',
      severity: 'error',
      from: { path: '^src-main/', pathNot: ['[.]test[.]ts$', '^src-main/simulation/', '^src-main/hosts/desktop/'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'no circles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'every import leads somewhere',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(electron|virtual:)' },
    },
  ],

  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(out|dist)/|[.]css$|[.]svg$' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.vue', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
    skipAnalysisNotInRules: true,
  },
}
