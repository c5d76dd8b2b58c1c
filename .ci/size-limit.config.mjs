// Sizes of what an app imports, bundled, minified and gzipped: each public entry of the packages that get bundled, and complete Workers. The other
// packages run unbundled on Node, where import time matters: test/bench/import-time.mjs.

import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Per public entry, without lazy imports and without its framework: slightly above the current size. */
const budgets = {
  core: {
    '.': '9.8 kB',
    './adapter': '23.9 kB',
    './authorization': '60.3 kB',
    './bootstrap-token': '7.9 kB',
    './client-certificate': '27.4 kB',
    './configuration': '66 kB',
    './connections': '3.4 kB',
    './oidc': '23.1 kB',
    './password-file': '29.2 kB',
    './remote': '25.5 kB',
    './forward-authentication': '17.5 kB',
    './resource-server': '17.9 kB',
    './revocation': '12.2 kB',
    './service-account': '30.4 kB',
    './token-file': '24.3 kB',
  },
  api: { '.': '24 kB', './openapi': '3.4 kB' },
  audit: { '.': '53.4 kB' },
  cel: { '.': '55.1 kB', './kubernetes': '56 kB' },
  express: { '.': '26.5 kB', './reviews': '26.5 kB', './augment': '0 kB' },
  fastify: { '.': '25.7 kB', './reviews': '26.5 kB', './augment': '0 kB' },
  fetch: { '.': '26 kB' },
  hono: { '.': '27.2 kB', './reviews': '26.5 kB' },
  koa: { '.': '25.9 kB', './reviews': '26.5 kB' },
  login: { '.': '51.1 kB', './express': '5.1 kB', './hono': '5.2 kB', './koa': '5 kB' },
  metrics: { '.': '9.9 kB', './opentelemetry': '9.6 kB' },
  nest: { '.': '24.5 kB' },
  store: { '.': '8.6 kB' },
  x509: { '.': '10.7 kB' },
}

/** Lazily imported code is only loaded if used, so it does not count for an entry; static imports do. */
const lazyImportsStayOut = {
  name: 'lazy-imports-stay-out',
  setup(build) {
    build.onResolve({ filter: /./ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    )
  },
}

const entries = Object.entries(budgets).flatMap(([folder, ofPackage]) => {
  const root = new URL(`../packages/${folder}/`, import.meta.url)
  const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  // The core counts although it is a peer dependency, since an app bundles it.
  const frameworks = Object.keys(manifest.peerDependencies ?? {}).filter(
    (name) => !name.startsWith('@kube-authn/'),
  )
  return (
    Object.entries(manifest.exports)
      .filter(([entry, target]) => target.endsWith('.js') && !/^\.\/internal(?:\/|$)/.test(entry))
      // The engines that need Node.js are not bundled.
      .filter(([entry]) => folder !== 'store' || entry === '.')
      .map(([entry, target]) => {
        const limit = ofPackage[entry]
        const name = posix.join(manifest.name, entry)
        return {
          name: limit === undefined ? `${name} (needs a budget in .ci/size-limit.config.mjs)` : name,
          path: fileURLToPath(new URL(target, root)),
          // Without a budget it fails and prints the size.
          limit: limit ?? '1 B',
          gzip: true,
          modifyEsbuildConfig: (config) => ({
            ...config,
            format: 'esm',
            platform: 'neutral',
            external: frameworks,
            plugins: [lazyImportsStayOut],
          }),
        }
      })
  )
})

/** Complete Workers, in one file as deployed: including lazy imports, without unused code. */
const workers = [
  {
    name: 'a Worker with bearer tokens and OpenID Connect',
    file: 'test/bench/workers/bearer-oidc.js',
    limit: '43 kB',
  },
  {
    name: 'the same with Hono, without Hono itself',
    file: 'test/bench/workers/bearer-oidc-hono.js',
    without: ['hono'],
    limit: '50 kB',
  },
  { name: 'the same with Hono', file: 'test/bench/workers/bearer-oidc-hono.js', limit: '57.9 kB' },
  { name: 'examples/hono-edge, with Hono', file: 'examples/hono-edge/dist/worker.js', limit: '96 kB' },
].map(({ name, file, without = [], limit }) => ({
  name,
  path: fileURLToPath(new URL(`../${file}`, import.meta.url)),
  limit,
  gzip: true,
  modifyEsbuildConfig: (config) => ({
    ...config,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    external: without,
  }),
}))

/** What one reads of the core to configure an authenticator by a file without expressions: its own code, neither compressed nor loaded late. */
const configuration = {
  name: '@kube-authn/core/configuration, its own code without expressions, not compressed',
  path: fileURLToPath(new URL('../packages/core/dist/entries/configuration.js', import.meta.url)),
  limit: '68.3 kB',
  gzip: false,
  brotli: false,
  modifyEsbuildConfig: (config) => ({
    ...config,
    format: 'esm',
    platform: 'neutral',
    external: ['#*', '@kube-authn/x509', 'jose', 'yaml'],
    plugins: [lazyImportsStayOut],
  }),
}

export default [...entries, configuration, ...workers]
