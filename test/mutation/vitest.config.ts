import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What reaches the areas that are mutated: the suites of the core, and the conformance vectors, on sources and not on the build. */
export default defineConfig({
  root,
  resolve: {
    alias: [
      { find: /^@kube-authn\/core$/, replacement: `${root}packages/core/src/index.ts` },
      { find: /^@kube-authn\/core\/(.*)$/, replacement: `${root}packages/core/src/$1/index.ts` },
    ],
  },
  test: {
    root,
    include: ['packages/core/src/**/*.test.ts', 'test/mutation/vectors.mutation.ts'],
    exclude: [
      'packages/core/src/{cel,csv,protobuf,x509,yaml}/**',
      // They replace modules, which others in the same worker would notice.
      'packages/core/src/clock.test.ts',
      'packages/core/src/incoming-message/require-peer-certificates.test.ts',
      'packages/core/src/password-file/**',
    ],
    setupFiles: [fileURLToPath(new URL('../patience.ts', import.meta.url))],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    isolate: false,
  },
})
