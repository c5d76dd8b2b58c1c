import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What is about the areas that are mutated: suites of the core, and the conformance vectors, on sources and not on the build. */
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
    include: [
      'packages/core/src/{audit,authorization,authorization-webhook,handler,impersonation}/**/*.test.ts',
      'packages/core/src/{rbac,review,token-cache,union,webhook}/**/*.test.ts',
      'packages/core/src/*.test.ts',
      'test/mutation/vectors.mutation.ts',
    ],
    // It replaces the timers, which others in the same worker would notice.
    exclude: ['packages/core/src/clock.test.ts'],
    setupFiles: [fileURLToPath(new URL('../patience.ts', import.meta.url))],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    isolate: false,
  },
})
