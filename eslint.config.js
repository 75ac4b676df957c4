// @ts-check
import { vueTsConfigs, withVueTs } from '@vue/eslint-config-typescript'
import pluginVue from 'eslint-plugin-vue'
import pluginA11y from 'eslint-plugin-vuejs-accessibility'
import { builtinModules } from 'node:module'

/** Of Node, the core may use what neither waits nor touches the world. `tls` wraps a connection that `env` made. */
const pureModules = [
  'assert',
  'assert/strict',
  'buffer',
  'crypto',
  'events',
  'module',
  'path',
  'path/posix',
  'stream',
  'string_decoder',
  'tls',
  'url',
  'util',
  'util/types',
  'zlib',
]
const worldlyModules = builtinModules
  .filter(name => !name.startsWith('_') && !pureModules.includes(name.replace('node:', '')))
  .flatMap(name => (name.startsWith('node:') ? [name] : [name, `node:${name}`]))

const throughEnv = 'The core gets time, chance, disk, network and processes through Env (src-main/env/env.ts).'
const worldlyGlobals = ['setTimeout', 'setInterval', 'setImmediate', 'performance', 'fetch', 'WebSocket', 'Worker', 'crypto']
const worldlyCrypto = [
  'randomBytes',
  'randomFill',
  'randomFillSync',
  'randomInt',
  'randomUUID',
  'webcrypto',
  'getRandomValues',
  'pbkdf2',
  'scrypt',
  'hkdf',
]

/** Empty or not, a promise or a block: an error that nobody looks at is a bug that nobody finds. */
const silentCatch = [
  { selector: 'CatchClause > BlockStatement[body.length=0]', message: 'An empty catch hides the failure: handle it, or let it pass.' },
  {
    selector: "CallExpression[callee.property.name='catch'] > :function > BlockStatement[body.length=0]",
    message: 'An empty catch hides the failure: handle it, or let it pass.',
  },
]

export default withVueTs(
  { rootDir: import.meta.dirname },
  { ignores: ['out/**', 'dist/**', 'node_modules/**', 'e2e/artefacts/**', '**/fixtures/**', '**/*.cjs', '**/*.mjs', 'eslint.config.js'] },

  pluginVue.configs['flat/recommended'],
  ...pluginA11y.configs['flat/recommended'],
  vueTsConfigs.recommendedTypeChecked,

  {
    name: 'trilog/everywhere',
    files: ['**/*.ts', '**/*.vue'],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-restricted-syntax': ['error', ...silentCatch],
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: [{ from: 'package', name: ['describe', 'it', 'test'], package: 'node:test' }] },
      ],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false, attributes: false } }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' }],
      // A method that implements an asynchronous port need not wait itself.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true, allowNullish: true }],
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
    },
  },

  {
    name: 'trilog/core-is-deterministic',
    files: ['src-main/**/*.ts'],
    ignores: [
      'src-main/env/node/**',
      'src-main/connections/**',
      'src-main/hosts/**',
      'src-main/simulation/main.ts',
      'src-main/simulation/coursePool.ts',
      'src-main/simulation/mutationPool.ts',
      'src-main/**/*.process.test.ts',
    ],
    rules: {
      'no-restricted-globals': ['error', ...worldlyGlobals.map(name => ({ name, message: throughEnv }))],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            ...worldlyModules.map(name => ({ name, message: throughEnv })),
            ...['crypto', 'node:crypto'].map(name => ({ name, importNames: worldlyCrypto, message: throughEnv })),
          ],
        },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: throughEnv },
        { object: 'Math', property: 'random', message: throughEnv },
        { object: 'process', property: 'hrtime', message: throughEnv },
        { object: 'globalThis', property: 'setTimeout', message: throughEnv },
        { object: 'AbortSignal', property: 'timeout', message: throughEnv },
      ],
      'no-restricted-syntax': [
        'error',
        ...silentCatch,
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: throughEnv },
        { selector: "CallExpression[callee.name='Date']", message: throughEnv },
      ],
    },
  },

  {
    name: 'trilog/tests',
    files: ['**/*.test.ts', 'e2e/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },

  {
    name: 'trilog/vue',
    files: ['**/*.vue'],
    rules: {
      // What oxfmt decides is not argued about twice.
      'vue/html-indent': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/html-closing-bracket-spacing': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
      // Route views and small parts are named as they are spoken of: App, Shell.
      'vue/multi-word-component-names': 'off',
      'vue/require-default-prop': 'off',
      'vue/require-explicit-emits': 'error',
      'vue/no-v-html': 'error',
      // A label either wraps its control or names it.
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
    },
  },
)
