// What an app pays for what it imports, bundled, minified and gzipped: each public entry of the packages that get bundled, and whole
// Workers. The other packages run on Node from where they are installed; there the time to import them counts: test/bench/import-time.mjs.

import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Per public entry, without what it imports lazily and without its framework: a little more than it is now. */
const budgets = {
  core: {
    '.': '9.5 kB',
    './audit': '5.9 kB',
    './authorization': '7.4 kB',
    './authorization-webhook': '14.2 kB',
    './bootstrap-token': '7.3 kB',
    './cel': '67 kB',
    './certificate-headers': '5 kB',
    './client-certificate': '21 kB',
    './configuration': '122 kB',
    './field': '1.9 kB',
    './impersonation': '20 kB',
    './incoming-message': '3.5 kB',
    './jwt': '15.2 kB',
    './keystone': '19.2 kB',
    './metrics': '5.6 kB',
    './oidc': '18.2 kB',
    './options': '2 kB',
    './password-file': '21.5 kB',
    './protobuf': '3.1 kB',
    './rbac': '40 kB',
    './request-header': '22 kB',
    './request-header-config': '2.2 kB',
    './review': '17 kB',
    './service-account': '17.3 kB',
    './service-account-controllers': '8.3 kB',
    './token-cache': '11.9 kB',
    './token-file': '19.3 kB',
    './webhook': '16.9 kB',
    './x509': '10 kB',
    './yaml': '33 kB',
  },
  express: { '.': '33.8 kB', './augment': '0.1 kB' },
  hono: { '.': '34.2 kB' },
  koa: { '.': '33.7 kB' },
}

/** Lazily imported code is paid for only where it is used, so it does not count for an entry. What is imported statically does. */
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
  // The core counts, although it is a peer: an app pays for it.
  const frameworks = Object.keys(manifest.peerDependencies ?? {}).filter(
    (name) => !name.startsWith('@kube-authn/'),
  )
  return Object.entries(manifest.exports)
    .filter(([, target]) => target.endsWith('.js'))
    .map(([entry, target]) => {
      const limit = ofPackage[entry]
      const name = posix.join(manifest.name, entry)
      return {
        name: limit === undefined ? `${name} (needs a budget in .ci/size-limit.config.mjs)` : name,
        path: fileURLToPath(new URL(target, root)),
        // Without a budget it fails, and says how large it is.
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
})

/** Whole Workers, in one file as they are deployed: what they import lazily is in it too, and what they do not use is not. */
const workers = [
  {
    name: 'a Worker with bearer tokens and OpenID Connect',
    file: 'test/bench/workers/bearer-oidc.js',
    limit: '26 kB',
  },
  {
    name: 'the same with Hono, without Hono itself',
    file: 'test/bench/workers/bearer-oidc-hono.js',
    without: ['hono'],
    limit: '26 kB',
  },
  { name: 'the same with Hono', file: 'test/bench/workers/bearer-oidc-hono.js', limit: '34 kB' },
  { name: 'examples/hono-edge, with Hono', file: 'examples/hono-edge/dist/worker.js', limit: '70 kB' },
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

export default [...entries, ...workers]
