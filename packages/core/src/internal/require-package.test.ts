import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { requirePackage } from './require-package.ts'

const load = createRequire(import.meta.url)

describe('requirePackage', () => {
  it('loads a package', () => {
    expect(requirePackage(load, 'csv-parse/sync')).toHaveProperty('parse')
  })

  it.each([
    ['not-installed/sub/path', 'not-installed'],
    ['@kube-authn/not-installed/sub', '@kube-authn/not-installed'],
  ])('says which package is missing: %s', (id, name) => {
    expect(() => requirePackage(load, id)).toThrow(
      `the package ${name} is not installed: npm install ${name}`,
    )
  })
})

/** What a process of its own prints as JSON, which imports the core as it is built. */
async function run(script: string): Promise<unknown> {
  const prelude = `
    import { tokenFile } from './entries/token-file.js'
    import { yamlDocument } from './entries/internal-yaml.js'
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
