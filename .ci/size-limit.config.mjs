// Sizes of what an app imports, bundled, minified and gzipped: each public entry of the packages that get bundled, and complete Workers. The other
// packages run unbundled on Node, where import time matters: test/bench/import-time.mjs.

import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Per public entry, without lazy imports and without its framework: slightly above the current size. About 6 kB of each is what a bundler keeps of the
 * code that every app needs, even if this entry does not use it.
 */
const budgets = {
  core: {
    '.': '27.8 kB',
    './adapter': '39 kB',
    './authorization': '71 kB',
    './bootstrap-token': '12.3 kB',
    './client-certificate': '32.5 kB',
    './configuration': '71.2 kB',
    './connections': '8.3 kB',
    './dpop': '23.4 kB',
    './oidc': '28.8 kB',
    './password-file': '34.8 kB',
    './remote': '23.8 kB',
    './revocation': '17.6 kB',
    './service-account': '29.8 kB',
    './token-file': '29.9 kB',
  },
  api: { '.': '36.3 kB', './forward-authentication': '35.5 kB', './openapi': '8.2 kB' },
  audit: { '.': '58.8 kB' },
  cel: { '.': '55.2 kB', './kubernetes': '55.5 kB' },
  express: { '.': '40.6 kB', './reviews': '46 kB', './augment': '0 kB' },
  fastify: { '.': '40.1 kB', './reviews': '45.5 kB', './augment': '0 kB' },
  fetch: { '.': '41.1 kB', './forward-authentication': '38.4 kB' },
  hono: { '.': '41.3 kB', './reviews': '46.6 kB' },
  issuer: { '.': '31.5 kB' },
  koa: { '.': '40.2 kB', './reviews': '45.7 kB' },
  login: { '.': '73 kB', './express': '10.1 kB', './hono': '10.2 kB', './koa': '10 kB' },
  metrics: { '.': '16.2 kB', './opentelemetry': '15.8 kB' },
  nest: { '.': '41.5 kB' },
  'resource-server': { '.': '23.2 kB' },
  store: { '.': '16.1 kB' },
  x509: { '.': '10.8 kB' },
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
      .filter(([entry]) => entry !== './valkey')
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
    limit: '41.7 kB',
  },
  {
    name: 'the same with Hono, without Hono itself',
    file: 'test/bench/workers/bearer-oidc-hono.js',
    without: ['hono'],
    limit: '47.8 kB',
  },
  { name: 'the same with Hono', file: 'test/bench/workers/bearer-oidc-hono.js', limit: '55.6 kB' },
  { name: 'examples/hono-edge, with Hono', file: 'examples/hono-edge/dist/worker.js', limit: '92.5 kB' },
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
  limit: '81.3 kB',
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
