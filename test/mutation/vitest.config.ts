import { fileURLToPath } from 'node:url'
import { defineConfig, mergeConfig } from 'vitest/config'
import base from '../vitest.config.ts'

/** The suites of the core, in one project: a mutation runs those of them that reach it. */
const { projects: _, reporters: _reporters, ...test } = base.test ?? {}

export default mergeConfig(
  { ...base, test },
  defineConfig({
    test: {
      include: ['packages/core/src/**/*.test.ts'],
      exclude: ['packages/core/src/{cel,x509,yaml,csv,protobuf}/**', 'packages/core/src/password-file/**'],
      setupFiles: [fileURLToPath(new URL('../patience.ts', import.meta.url))],
      pool: 'threads',
      isolate: false,
      testTimeout: 300_000,
      restoreMocks: true,
      unstubEnvs: true,
      unstubGlobals: true,
    },
  }),
)
