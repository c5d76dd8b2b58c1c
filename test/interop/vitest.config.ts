import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Real components, one suite at a time: they share the machine's ports and memory. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  test: {
    include: ['**/*.interop.ts'],
    globalSetup: fileURLToPath(new URL('setup.ts', import.meta.url)),
    reporters: ['default', fileURLToPath(new URL('../closing-line-reporter.ts', import.meta.url))],
    fileParallelism: false,
    // It prints a warning at every start.
    onConsoleLog: (text) => !text.startsWith('oidc-provider '),
    setupFiles: [fileURLToPath(new URL('../patience.ts', import.meta.url))],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
