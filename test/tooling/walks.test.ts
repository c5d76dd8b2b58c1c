import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

interface Walk {
  readonly files: readonly string[]
  /** As `FILE:LINE NAME`. */
  readonly functions: readonly string[]
}

/** What an operation runs, once the first ones have loaded everything. */
function walkOf(script: string, ...parameters: readonly string[]): Walk {
  const path = fileURLToPath(new URL(`../bench/${script}`, import.meta.url))
  return JSON.parse(execFileSync(process.execPath, [path, ...parameters], { encoding: 'utf8' })) as Walk
}

describe('the path of a request', () => {
  it.each([
    { framework: 'express', mostFiles: 26, mostFunctions: 63 },
    { framework: 'koa', mostFiles: 25, mostFunctions: 63 },
    { framework: 'hono', mostFiles: 25, mostFunctions: 70 },
  ])(
    'in $framework runs at most $mostFiles files and $mostFunctions functions',
    ({ framework, mostFiles, mostFunctions }) => {
      const { files, functions } = walkOf('walk.mjs', framework)
      expect(files).toContain('core/src/token/file/token-file.ts')
      expect(files).toContain(`${framework}/src/authentication.ts`)
      // What is over the limit is shown.
      expect(files.slice(mostFiles)).toEqual([])
      expect(functions.slice(mostFunctions)).toEqual([])
    },
  )
})

describe('a reload of an AuthenticationConfiguration with an issuer and without expressions', () => {
  it.each([
    { parameters: ['json'], mostFiles: 47 },
    { parameters: ['yaml'], mostFiles: 48 },
    // The certificate authority of the version in force is not read again. A dozen files of x509 read another one.
    { parameters: ['json', 'ca'], mostFiles: 48 },
    { parameters: ['yaml', 'ca'], mostFiles: 49 },
  ])('$parameters runs at most $mostFiles files', ({ parameters, mostFiles }) => {
    const { files } = walkOf('reload-walk.mjs', ...parameters)
    expect(files).toContain('node/src/at/authentication-configuration-at.ts')
    expect(files).toContain('core/src/token/oidc/provider.ts')
    expect(files.slice(mostFiles)).toEqual([])
  })
})
