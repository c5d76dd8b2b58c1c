import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

describe('a bundle for Node.js as a module', () => {
  it('starts with the banner of docs/runtimes.md', async () => {
    const page = readFileSync(new URL('../../../docs/runtimes.md', import.meta.url), 'utf8')
    const [, banner = ''] = /--banner:js="(.*)"/.exec(page) ?? []
    const tokens = join(scratch, 'tokens.csv')
    writeFileSync(tokens, 'secret,jane,1\n', { mode: 0o600 })
    const outfile = join(scratch, 'app.mjs')
    const contents = `
      import { createAuthenticator, readKubeconfig } from '@kube-authn/node'
      import { fakeRequest } from '@kube-authn/testing'
      const authenticator = createAuthenticator({ tokenFile: ${JSON.stringify(tokens)} })
      const request = fakeRequest({ headers: [['Authorization', 'Bearer secret']] })
      const { user } = await authenticator.authenticate(request, {})
      console.log(user.username, typeof readKubeconfig)
      authenticator.close()`
    await build({
      stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: { js: banner },
      logLevel: 'silent',
    })
    expect(execFileSync(process.execPath, [outfile], { encoding: 'utf8' })).toBe('jane function\n')
  })
})
