import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { prepareFiles } from './material.ts'

// Tests that need a Keystone are in test/interop/keystone.interop.ts.
const scratch = mkdtempSync(join(tmpdir(), 'keystone-'))
const folder = join(scratch, 'material')
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe('keystone', () => {
  it('reports what is missing, and exits, if Keystone is not installed', () => {
    const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
    const { status, stdout, stderr } = spawnSync(process.execPath, [main], {
      encoding: 'utf8',
      env: { ...process.env, MATERIAL: folder, KEYSTONE_BIN: join(scratch, 'nowhere') },
    })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^\S+\/keystone-manage is not installed\. On Debian: apt-get install keystone\n$/)
  })

  it('keeps its keys and passwords for this user only', async () => {
    await prepareFiles(folder)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const open = readdirSync(folder).filter((name) => (statSync(join(folder, name)).mode & 0o077) !== 0)
    expect(open.toSorted()).toEqual(['ca.crt', 'server.crt'])
  })
})
