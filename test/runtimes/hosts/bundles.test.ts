import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, describe, expect, it } from 'vitest'

const scratch = mkdtempSync(join(tmpdir(), 'portable-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** The hosts of the portable suite import every entry that runs on all runtimes. */
const HOSTS = {
  'worker.mjs': ['workerd', 'worker', 'browser'],
  'edge-function.mjs': ['edge-light'],
}

describe('a bundle for a runtime without the modules of Node', () => {
  it.each(Object.entries(HOSTS))('holds all that %s imports', async (host, conditions) => {
    const { warnings } = await build({
      entryPoints: [fileURLToPath(new URL(host, import.meta.url))],
      outfile: join(scratch, host),
      bundle: true,
      platform: 'browser',
      format: 'esm',
      conditions: [...conditions, 'import'],
      target: 'es2023',
      logLevel: 'silent',
    })
    expect(warnings).toEqual([])
  })
})
