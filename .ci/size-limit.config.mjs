// What an app pays for each entry of the core: bundled and minified for a runtime that is not Node, then gzipped.

import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Lazily imported code is paid for only where it is used, so it does not count. What is imported statically does. */
const lazyImportsStayOut = {
  name: 'lazy-imports-stay-out',
  setup(build) {
    build.onResolve({ filter: /./ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    )
  },
}

/** Gzipped, per public entry: a little more than it is now. */
const budgets = {
  '.': '8 kB',
  './audit': '5.9 kB',
  './authorization': '7.4 kB',
  './authorization-webhook': '13 kB',
  './bootstrap-token': '9 kB',
  './cel': '51.5 kB',
  './certificate-headers': '4.6 kB',
  './client-certificate': '22 kB',
  './configuration': '107 kB',
  './field': '1.9 kB',
  './impersonation': '21 kB',
  './incoming-message': '3.4 kB',
  './jwt': '14.8 kB',
  './keystone': '18 kB',
  './metrics': '5.6 kB',
  './oidc': '16.8 kB',
  './password-file': '22 kB',
  './protobuf': '3.1 kB',
  './rbac': '41.5 kB',
  './request-header': '24 kB',
  './request-header-config': '2.2 kB',
  './review': '16.5 kB',
  './service-account': '17 kB',
  './service-account-controllers': '8.5 kB',
  './token-cache': '11.9 kB',
  './token-file': '20.2 kB',
  './webhook': '16 kB',
  './x509': '14 kB',
  './yaml': '34 kB',
}

const core = new URL('../packages/core/', import.meta.url)
const { exports } = JSON.parse(readFileSync(new URL('package.json', core), 'utf8'))

export default Object.entries(exports)
  .filter(([, target]) => target.endsWith('.js'))
  .map(([entry, target]) => {
    const limit = budgets[entry]
    const name = posix.join('@kube-authn/core', entry)
    return {
      name: limit === undefined ? `${name} (needs a budget in .ci/size-limit.config.mjs)` : name,
      path: fileURLToPath(new URL(target, core)),
      // Without a budget it fails, and says how large it is.
      limit: limit ?? '1 B',
      gzip: true,
      modifyEsbuildConfig: (config) => ({
        ...config,
        format: 'esm',
        platform: 'neutral',
        plugins: [lazyImportsStayOut],
      }),
    }
  })
