import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * Bundles a host of the suite for a runtime that takes one file, as its own tools do.
 *
 * @param conditions the export conditions of that runtime, beside `import`.
 */
export async function bundle({ host, outfile, facts, conditions, format }) {
  await build({
    entryPoints: [fileURLToPath(new URL(`../hosts/${host}`, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'browser',
    format,
    conditions: [...conditions, 'import'],
    define: { FACTS: JSON.stringify(facts) },
    target: 'es2023',
    logLevel: 'warning',
  })
}
