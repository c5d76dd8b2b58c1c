import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('../..', import.meta.url))
const manifest: { readonly exports: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(`${root}packages/core/package.json`, 'utf8'),
)
/** Each entry of the core except the main one, with its source. */
const entries = Object.entries(manifest.exports)
  .filter(([entry, target]) => entry !== '.' && target.endsWith('.js'))
  .map(([entry, target]) => [entry, target.replace('./dist/', 'src/').replace(/\.js$/, '.ts')] as const)

/** The tests of the mutated areas: suites of the core, and the conformance vectors, on sources instead of the build. */
export default defineConfig({
  root,
  resolve: {
    alias: [
      { find: /^@kube-authn\/core$/, replacement: `${root}packages/core/src/entries/index.ts` },
      ...entries.map(([entry, source]) => ({
        find: new RegExp(`^@kube-authn/core/${entry.slice(2)}$`),
        replacement: `${root}packages/core/${source}`,
      })),
    ],
  },
  test: {
    root,
    include: [
      'packages/core/src/{audit,authenticator,authorization,chain,handler,impersonation,internal}/**/*.test.ts',
      'packages/core/src/token/{cache,webhook}/**/*.test.ts',
      'test/mutation/vectors.mutation.ts',
    ],
    // It replaces the timers, which affects others in the same worker.
    exclude: ['packages/core/src/internal/clock.test.ts'],
    setupFiles: [fileURLToPath(new URL('../patience.ts', import.meta.url))],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    isolate: false,
  },
})
