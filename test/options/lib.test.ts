import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'

const here = fileURLToPath(new URL('.', import.meta.url))
const program = join(here, 'lib.generated.mts')
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')

afterEach(() => rmSync(program, { force: true }))

const PACKAGES = readdirSync(new URL('../../packages', import.meta.url)).filter(
  (folder) =>
    folder !== 'internal' && existsSync(new URL(`../../packages/${folder}/package.json`, import.meta.url)),
)

/** The names of all public entries. */
function entriesOf(folder: string): readonly string[] {
  const path = new URL(`../../packages/${folder}/package.json`, import.meta.url)
  const { name, exports } = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly name: string
    readonly exports: Readonly<Record<string, unknown>>
  }
  return Object.keys(exports)
    .filter((entry) => entry !== './package.json' && !entry.startsWith('./internal'))
    .map((entry) => name + entry.slice(1))
}

it('apps need neither DOM nor WebWorker in the lib of TypeScript, even with `skipLibCheck: false`', () => {
  const ids = PACKAGES.flatMap(entriesOf)
  expect(ids).toContain('@kube-authn/core/service-account')
  const imports = ids.map((id, index) => `import * as entry${index} from '${id}'\n`).join('')
  const names = ids.map((_, index) => `entry${index}`).join(', ')
  writeFileSync(program, `${imports}export const all = [${names}]\n`)
  const { stdout, status } = spawnSync(
    process.execPath,
    [
      tsc,
      ...'--ignoreConfig --noEmit --strict --exactOptionalPropertyTypes --skipLibCheck false'.split(' '),
      ...'--target es2022 --lib es2024 --types node --module nodenext --moduleResolution nodenext'.split(' '),
      program,
    ],
    { cwd: here, encoding: 'utf8' },
  )
  expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
})
