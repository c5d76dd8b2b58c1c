import { existsSync } from 'node:fs'
import { defineConfig, mergeConfig, type Plugin } from 'vitest/config'
import base from './vitest.config.ts'

/** All tests, counted. A separate configuration, because coverage of sources needs sources to be run. */
export default mergeConfig(
  base,
  defineConfig({
    plugins: [sourcesInsteadOfBuild()],
    test: {
      coverage: {
        enabled: true,
        provider: 'v8',
        include: ['packages/*/src/**/*.ts'],
        exclude: ['**/*.test.ts'],
        reporter: ['text', 'html', 'json-summary'],
        thresholds: { lines: 90, branches: 85 },
      },
    },
  }),
)

/** `packages/x/dist/y.js` becomes `packages/x/src/y.ts`, so that imports by package name are counted too. */
function sourcesInsteadOfBuild(): Plugin {
  return {
    name: 'sources-instead-of-build',
    enforce: 'pre',
    async resolveId(specifier, importer, options) {
      const resolved = await this.resolve(specifier, importer, { ...options, skipSelf: true })
      const source = resolved?.id.replace(/\/packages\/([^/]+)\/dist\/(.+)\.js$/, '/packages/$1/src/$2.ts')
      return source === undefined || source === resolved?.id || !existsSync(source) ? resolved : source
    },
  }
}
