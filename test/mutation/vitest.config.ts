import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import type { Reporter, Vitest } from 'vitest/node'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, string>>
  readonly imports?: Readonly<Record<string, Target>>
}
type Target = string | { readonly node?: Target; readonly module?: Target; readonly default?: Target }

/** What Node.js imports; a bundler for it prefers `module`. */
const forNode = (target: Target | undefined): string | undefined =>
  typeof target === 'object' ? forNode(target.node ?? target.module ?? target.default) : target

/** Every entry of every package, and every name of its `imports`, with the source that its built file is made of. */
const sources = readdirSync(`${root}packages`)
  .filter((folder) => existsSync(`${root}packages/${folder}/package.json`))
  .flatMap((folder) => {
    const manifest: Manifest = JSON.parse(readFileSync(`${root}packages/${folder}/package.json`, 'utf8'))
    return [
      ...Object.entries(manifest.exports).map(([entry, to]) => [manifest.name + entry.slice(1), to] as const),
      ...Object.entries(manifest.imports ?? {}).map(([name, to]) => [name, forNode(to)] as const),
    ].flatMap(([name, to = '']) => {
      const source = `${root}packages/${folder}/${to.replace('./dist/', 'src/').replace(/\.js$/, '.ts')}`
      return to.startsWith('./dist/') ? [[name, source] as const] : []
    })
  })

/** What `run.mjs` wants to run. Default: all suites. */
const suites: unknown = JSON.parse(process.env['MUTATION_SUITES'] ?? '["packages/*/{src,test}/**/*.test.ts"]')

/** Stryker looks at tests only: what fails before them, in a file or a hook, would not count. */
function failedSuites(): Reporter {
  let vitest: Vitest | undefined
  return {
    onInit: (given) => void (vitest = given),
    onTestModuleEnd(module) {
      if (!module.ok()) vitest?.state.catchError(new Error('a suite failed'), 'Suite')
    },
  }
}

/** Suites on sources instead of the build: a mutant is a change of a source. */
export default defineConfig({
  root,
  resolve: {
    alias: sources.map(([name, source]) => ({
      find: new RegExp(`^${name.replaceAll(/[.#/]/g, String.raw`\$&`)}$`),
      replacement: source,
    })),
  },
  test: {
    root,
    include: suites as readonly string[] as string[],
    // It replaces the timers, which affects others in the same worker.
    exclude: ['packages/core/src/internal/clock.test.ts', '**/node_modules/**'],
    setupFiles: [fileURLToPath(new URL('../patience.ts', import.meta.url))],
    // See `cpu-seconds.ts`.
    env: { COUNTED_CODE: 'true' },
    testTimeout: 300_000,
    hookTimeout: 300_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    // Otherwise a change of what a module computes when it is loaded would never be seen: the module stays loaded.
    isolate: true,
    pool: 'threads',
    reporters: ['default', failedSuites()],
  },
})
