import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { onDemand } from './on-demand.ts'

describe('onDemand', () => {
  const loads = vi.fn<() => void>()
  let folder: string
  let from: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'on-demand-'))
    from = pathToFileURL(join(folder, 'from.js')).href
    vi.stubGlobal('loads', loads)
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
    loads.mockReset()
  })

  it('loads a module with the first call, and once', () => {
    writeFileSync(join(folder, 'module.cjs'), 'globalThis.loads()\nexports.value = {}\n')
    const module = onDemand('./module.cjs', () => from)
    expect(loads).not.toHaveBeenCalled()
    expect(module()).toBe(module())
    expect(loads).toHaveBeenCalledOnce()
  })

  it('fails with every call while there is no such module', () => {
    const module = onDemand('./module.cjs', () => from)
    expect(module).toThrow(/module\.cjs/)
    writeFileSync(join(folder, 'module.cjs'), 'exports.value = 1\n')
    expect(module()).toEqual({ value: 1 })
  })

  it('says what is missing on a runtime that is not Node after all', () => {
    vi.stubGlobal('process', {})
    expect(onDemand('./module.cjs', () => from)).toThrow(
      'this runtime claims to be Node and has no node:module',
    )
  })
})

/** What a process of its own prints as JSON, which imports the core as it is built. */
async function run(script: string): Promise<unknown> {
  const prelude = `
    import { tokenFile } from './entries/token-file.js'
    import { yamlDocument } from './internal/yaml/index.js'
    import { parseAuthenticationConfiguration } from './entries/configuration.js'
    const isLoaded = (name) =>
      Object.keys(process.getBuiltinModule('node:module')._cache).some((path) => path.includes('/' + name + '/'))
    console.log(JSON.stringify((() => {${script}})()))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', prelude], {
    cwd: fileURLToPath(new URL('../../dist/', import.meta.url)),
  })
  return JSON.parse(stdout)
}

describe('the core as it is built', () => {
  it('loads the parser of YAML with the first text that is neither JSON nor plain', async () => {
    const script = `
      const sources = ['{"a": 1}', 'a: 1', 'a: &x 1']
      return [isLoaded('yaml'), ...sources.flatMap((text) => [yamlDocument(text, 'file').a, isLoaded('yaml')])]
    `
    expect(await run(script)).toEqual([false, 1, false, 1, false, 1, true])
  })

  it('reads a token file whose records no simple split would find, and has loaded nothing for that before', async () => {
    const script = `
      const before = isLoaded('csv-parse')
      const { user } = tokenFile('"to""k\\n",jane,1,"a,b"').authenticateToken('to"k\\n', {})
      return [before, user.groups]
    `
    expect(await run(script)).toEqual([false, ['a', 'b']])
  })

  it('loads the compiler of expressions with the first of them, and one that is wrong is refused at once', async () => {
    const script = `
      const configuration = (expression) => JSON.stringify({
        apiVersion: 'apiserver.config.k8s.io/v1',
        kind: 'AuthenticationConfiguration',
        jwt: [{
          issuer: { url: 'https://issuer.example.com', audiences: ['app'] },
          claimMappings: { username: { expression } },
        }],
      })
      const outcome = (expression) => {
        try {
          parseAuthenticationConfiguration(configuration(expression))
          return 'good'
        } catch (error) {
          return error.name
        }
      }
      return ['claims.sub', 'claims.'].map(outcome)
    `
    expect(await run(script)).toEqual(['good', 'ConfigurationError'])
  })
})
