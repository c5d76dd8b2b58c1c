import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig, type TestProjectConfiguration } from 'vitest/config'

/**
 * They replace modules, remove `process`, or close a descriptor of the process.
 * All this affects others in the same process, so each has its own. Some count bytes of the heap after collections, which take seconds in a heap that others filled.
 */
const ALONE = [
  'packages/node/src/flags/audit-from-flags.test.ts',
  'packages/core/src/internal/clock.test.ts',
  'packages/core/src/adapter/incoming-message/require-peer-certificates.test.ts',
  'packages/core/src/password/file/*.test.ts',
  'packages/core/src/{authorization/rbac,revocation}/growth.test.ts',
]

/** They run the programs of documents and examples, each in a folder of its own, and are a part of CI only. */
const DOCUMENTS = ['examples/**/*.test.ts', 'test/{readme,recipes}/**/*.test.ts']

/** They pack, install, or start many processes, and are a part of CI only. */
const PUBLISHING = [
  'test/installed/*.test.ts',
  'test/runtimes/*.test.ts',
  'test/tooling/{publish,publishing,start,versions,walks}.test.ts',
  'test/differential/src/differential.test.ts',
  'test/simulation/src/planted.test.ts',
]

const COMMAND = 'packages/server/src/cli/**/*.test.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const everywhere = {
  // For hanging tests only: the speed and load of the machine must not matter.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  // `silence.ts` sees what the console prints.
  disableConsoleIntercept: true,
  setupFiles: ['patience.ts', 'silence.ts'].map((name) => fileURLToPath(new URL(name, import.meta.url))),
  restoreMocks: true,
  unstubEnvs: true,
  unstubGlobals: true,
  // Node loads the builds, as for users; else Vite would transform them, for each process and project again.
  server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
}

/** A worker waits for sockets and timers a third of its time, so there are more of them than processors. Projects with the same number of workers run in one go. */
const suites = { ...everywhere, maxWorkers: Math.ceil(availableParallelism() * 1.5) }

/** Fast and without lasting effects: loading every module once for all of them halves the time. */
const units: TestProjectConfiguration = {
  extends: true,
  test: {
    ...suites,
    name: 'units',
    root,
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', ...ALONE, COMMAND],
    pool: 'threads',
    isolate: false,
  },
}

/** The command changes the folder of its process, which a thread cannot. */
const command: TestProjectConfiguration = {
  extends: true,
  test: {
    ...suites,
    name: 'command',
    root,
    include: [COMMAND],
    pool: 'forks',
    isolate: false,
  },
}

const alone: TestProjectConfiguration = {
  extends: true,
  test: {
    ...suites,
    name: 'alone',
    root,
    include: ALONE,
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
  },
}

const documents: TestProjectConfiguration = {
  extends: true,
  test: {
    ...suites,
    name: 'documents',
    root,
    include: DOCUMENTS,
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    // Vite would take the modules of graphql for a recipe, and Node its CommonJS for graphql-http: two copies, which do not know each other.
    server: { deps: { ...everywhere.server.deps, inline: ['graphql', 'graphql-http'] } },
  },
}

/** They import the builds, as users do: a process loads each of them once. */
const others: TestProjectConfiguration = {
  extends: true,
  test: {
    ...suites,
    name: 'others',
    root,
    include: ['test/**/*.test.ts'],
    // A mutation run contains a copy of everything.
    exclude: [
      '**/node_modules/**',
      '**/dist/**',
      'test/mutation/.sandbox/**',
      ...ALONE,
      ...DOCUMENTS,
      ...PUBLISHING,
    ],
    pool: 'forks',
    isolate: false,
  },
}

/** What becomes of the packages once they are packed, installed and started. */
const publishing: TestProjectConfiguration = {
  extends: true,
  test: {
    ...everywhere,
    name: 'publishing',
    root,
    sequence: { groupOrder: 1 },
    include: PUBLISHING,
    exclude: ['**/node_modules/**', '**/dist/**'],
  },
}

/** Tests import our packages by name, as users do, and so run the build: run `pnpm build` first. */
export default defineConfig({
  root,
  test: {
    projects: [units, command, alone, others, documents, publishing],
    reporters: ['progress-reporter.ts', 'closing-line-reporter.ts'].map((name) =>
      fileURLToPath(new URL(name, import.meta.url)),
    ),
  },
})
