import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

interface Walk {
  readonly files: readonly string[]
  /** As `FILE:LINE NAME`. */
  readonly functions: readonly string[]
}

const script = fileURLToPath(new URL('../bench/walk.mjs', import.meta.url))

/** What a request with a token of a token file runs, once the first requests have loaded everything. */
function walkOf(framework: string): Walk {
  return JSON.parse(execFileSync(process.execPath, [script, framework], { encoding: 'utf8' })) as Walk
}

describe('the path of a request', () => {
  it.each([
    { framework: 'express', mostFiles: 20, mostFunctions: 45 },
    { framework: 'koa', mostFiles: 20, mostFunctions: 47 },
    { framework: 'hono', mostFiles: 21, mostFunctions: 55 },
  ])(
    'in $framework runs at most $mostFiles files and $mostFunctions functions',
    ({ framework, mostFiles, mostFunctions }) => {
      const { files, functions } = walkOf(framework)
      expect(files).toContain('core/src/token/file/token-file.ts')
      expect(files).toContain(`${framework}/src/authentication.ts`)
      // What is over the limit is shown.
      expect(files.slice(mostFiles)).toEqual([])
      expect(functions.slice(mostFunctions)).toEqual([])
    },
  )
})
