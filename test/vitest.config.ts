import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Tests import our packages by name, as users do, and so run what was built: `pnpm build` comes first. */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/*/test/**/*.test.ts',
      'test/**/*.test.ts',
      'examples/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    reporters: ['default', fileURLToPath(new URL('closing-line-reporter.ts', import.meta.url))],
    testTimeout: 10_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
})
