import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Real components. Each file has folders, ports and servers of its own, so that it can wait beside others. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  test: {
    include: ['**/*.interop.ts'],
    globalSetup: fileURLToPath(new URL('setup.ts', import.meta.url)),
    reporters: ['default', fileURLToPath(new URL('../closing-line-reporter.ts', import.meta.url))],
    // They wait more than they compute.
    maxWorkers: 4,
    // It prints a warning at every start.
    onConsoleLog: (text) => !text.startsWith('oidc-provider '),
    // Node loads the builds, as for users; else Vite would transform them again for each file.
    server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
    setupFiles: [fileURLToPath(new URL('../patience.ts', import.meta.url))],
    // For hanging tests only: the speed and load of the machine must not matter.
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
})
