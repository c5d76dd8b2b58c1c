import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const workspace = fileURLToPath(new URL('../..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'installed-'))
/** `.ci/run` has packed them. */
const { TARBALLS: tarballs = join(scratch, 'tarballs') } = process.env

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`)
  return stdout
}

const tsc = (args: readonly string[], cwd: string): string =>
  run(join(workspace, 'node_modules/.bin/tsc'), args, cwd)

/** Copies a project of `projects`, with credential files, and installs the packages in it. */
function install(name: string): string {
  const project = join(scratch, name)
  cpSync(fileURLToPath(new URL(`projects/${name}`, import.meta.url)), project, { recursive: true })
  writeFileSync(join(project, 'tokens.csv'), 'tok,jane,1,"a,b"\n')
  writeFileSync(join(project, 'passwords.csv'), 'pw,joe,2\n')
  const files = readdirSync(tarballs).map((file) => join(tarballs, file))
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...files], project)
  return project
}

beforeAll(() => {
  if (process.env['TARBALLS'] === undefined)
    run('npx', ['-y', 'pnpm@12.21.0', 'run', 'pack', tarballs], workspace)
})

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true })
})

const answers = [200, ['jane', 'jane'], 200, ['joe', 'joe'], 401, 'Unauthorized', 401, 'Unauthorized']

describe('the packed packages, installed outside the workspace', () => {
  let project: string
  beforeAll(() => {
    project = install('apps')
    tsc(['-p', '.'], project)
  })

  it.each([
    { file: 'out/express.js', name: 'express 5' },
    { file: 'out/express4.cjs', name: 'express 4, CommonJS from TypeScript' },
    { file: 'out/koa.js', name: 'koa' },
    { file: 'out/hono.js', name: 'hono' },
    { file: 'out/fastify.js', name: 'fastify' },
    { file: 'out/fetch.js', name: 'a handler of Fetch requests' },
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

  it('have the command', () => {
    const printed = run('npx', ['--no', 'kube-authn', 'check', 'tokens.csv', 'passwords.csv'], project)
    expect(printed).toMatch(/^tokens\.csv: ok \(token-file\)\npasswords\.csv: advice: .*in plain text/)
    const made = ['create', 'signing-key', '--out', 'sa.key', '--public-key', 'sa.pub']
    expect(run('npx', ['--no', 'kube-authn', ...made], project)).toBe('')
  })

  it('exist once, whether an app imports or requires them', () => {
    const { compared, different } = JSON.parse(run(process.execPath, ['one-copy.cjs'], project))
    expect(compared).toBeGreaterThan(300)
    expect(different).toEqual([])
  })

  // The project has an old content-disposition next to it, since @types/koa only agrees with one that has no types.
  describe('have types for all entries, with `skipLibCheck: false`,', () => {
    beforeAll(() => {
      const scope = join(project, 'node_modules/@kube-authn')
      const ids = readdirSync(scope).flatMap((folder) => {
        const { name, exports } = JSON.parse(readFileSync(join(scope, folder, 'package.json'), 'utf8')) as {
          readonly name: string
          readonly exports: Readonly<Record<string, unknown>>
        }
        const entries = Object.keys(exports).filter((entry) => entry !== './package.json')
        return entries.map((entry) => name + entry.slice(1))
      })
      expect(ids).toContain('@kube-authn/core/oidc')
      const imports = ids.map((id, index) => `import * as entry${index} from '${id}'\n`).join('')
      const program = `${imports}export const entries = [${ids.map((_id, index) => `entry${index}`).join(', ')}]\n`
      for (const file of ['program.mts', 'program.cts']) writeFileSync(join(project, file), program)
    })

    it.each([
      { module: 'node16', moduleResolution: 'node16' },
      { module: 'nodenext', moduleResolution: 'nodenext' },
      { module: 'preserve', moduleResolution: 'bundler' },
    ])('in modules and CommonJS, with the resolution $moduleResolution', ({ module, moduleResolution }) => {
      const resolution = ['--module', module, '--moduleResolution', moduleResolution]
      const strictness = ['--strict', '--skipLibCheck', 'false', '--noEmit', '--ignoreConfig']
      const options = ['--target', 'es2022', '--types', 'node', ...resolution, ...strictness]
      expect(tsc([...options, 'program.mts', 'program.cts'], project)).toBe('')
    })
  })
})

describe('an app of Nest, with the configuration of Jest that Nest generates', () => {
  it('passes its tests, and that of docs/recipes/tests.md, and is typed', () => {
    const project = install('nest')
    const page = readFileSync(join(workspace, 'docs/recipes/tests.md'), 'utf8')
    const [recipe = ''] = page.match(/(?<=^```ts\n)[^]*?(?=^```$)/m) ?? []
    expect(recipe).toContain("from 'vitest'")
    const withJest = recipe.replace("from 'vitest'", "from '@jest/globals'")
    writeFileSync(join(project, 'src/recipe.spec.ts'), withJest)
    expect(run('npx', ['tsc'], project)).toBe('')
    run('npx', ['jest'], project)
  })
})
