import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { prepareFiles } from './material.ts'

// Tests that need nginx are in test/interop/nginx.interop.ts.
const scratch = mkdtempSync(join(tmpdir(), 'behind-nginx-'))
const folder = join(scratch, 'material')
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe('behind-nginx', () => {
  it('reports what is missing, and exits, if nginx is not installed', () => {
    const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
    const { status, stdout, stderr } = spawnSync(process.execPath, [main], {
      encoding: 'utf8',
      env: { ...process.env, APP_PORT: '0', MATERIAL: folder, NGINX_MODULES: join(scratch, 'nowhere') },
    })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^\S+ is not installed\. On Debian: apt-get install nginx libnginx-mod-/)
    expect(stderr).not.toContain(' at ')
  })

  it('keeps its keys and credentials for this user only', async () => {
    await prepareFiles(folder)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const open = readdirSync(folder).filter((name) => (statSync(join(folder, name)).mode & 0o077) !== 0)
    expect(open.toSorted()).toEqual([
      'ca.crt',
      'front-proxy-ca.crt',
      'front-proxy.crt',
      'impostor.crt',
      'other-ca.crt',
      'other-proxy.crt',
      'server.crt',
    ])
  })
})
