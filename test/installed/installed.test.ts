import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const workspace = fileURLToPath(new URL('../..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'installed-'))
const project = join(scratch, 'project')

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`)
  return stdout
}

beforeAll(() => {
  const pnpm = ['-y', 'pnpm@12.21.0', '--recursive', '--filter', './packages/*', 'exec']
  const tarballs = join(scratch, 'tarballs')
  run('npx', [...pnpm, 'pnpm', 'pack', '--pack-destination', tarballs], workspace)
  cpSync(fileURLToPath(new URL('project', import.meta.url)), project, { recursive: true })
  writeFileSync(join(project, 'tokens.csv'), 'tok,jane,1,"a,b"\n')
  writeFileSync(join(project, 'passwords.csv'), 'pw,joe,2\n')
  const files = readdirSync(tarballs).map((name) => join(tarballs, name))
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...files], project)
  run(join(workspace, 'node_modules/.bin/tsc'), ['-p', '.'], project)
}, 120_000)

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true })
})

const answers = [200, ['jane', 'jane'], 200, ['joe', 'joe'], 401, 'Unauthorized', 401, 'Unauthorized']

describe('the packed packages, installed outside the workspace', () => {
  it.each([
    { file: 'out/express.js', name: 'express 5' },
    { file: 'out/express4.cjs', name: 'express 4, CommonJS from TypeScript' },
    { file: 'out/koa.js', name: 'koa' },
    { file: 'out/hono.js', name: 'hono' },
    { file: 'out/passport.js', name: 'passport' },
    { file: 'plain.cjs', name: 'no framework, CommonJS' },
  ])('work in $name', ({ file, name }) => {
    expect(JSON.parse(run(process.execPath, [file], project))).toEqual({ name, answers })
  })

  it('find what they load later, and the file of a worker', () => {
    expect(JSON.parse(run(process.execPath, ['later.mjs'], project))).toEqual({
      username: 'jane',
      workers: 1,
      notices: [],
      groups: ['a', 'b'],
      message: 'found',
      problems: ['none', 'ConfigurationError'],
    })
  })
})
