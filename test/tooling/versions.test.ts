import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const workspace = fileURLToPath(new URL('../..', import.meta.url))
const folders = readdirSync(join(workspace, 'packages'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
const published = folders.filter((folder) => manifestOf(workspace, folder).private !== true)
/** They need none of the others as a peer. */
const LIBRARIES = new Set(['cel', 'x509'])
let root: string

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

function manifestOf(at: string, folder: string): Manifest {
  return JSON.parse(readFileSync(join(at, 'packages', folder, 'package.json'), 'utf8')) as Manifest
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'versions-'))
  for (const file of ['package.json', 'pnpm-workspace.yaml', '.changeset/config.json']) {
    cpSync(join(workspace, file), join(root, file))
  }
  for (const folder of folders) {
    mkdirSync(join(root, 'packages', folder), { recursive: true })
    cpSync(
      join(workspace, 'packages', folder, 'package.json'),
      join(root, 'packages', folder, 'package.json'),
    )
  }
})
afterEach(() => rmSync(root, { recursive: true }))

function run(command: string, ...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`)
}

/** The versions of all packages after a release of the pending change. */
function released(name: string, bump: string): ReadonlySet<string> {
  writeFileSync(join(root, '.changeset/change.md'), `---\n'${name}': ${bump}\n---\n\nSomething changed.\n`)
  run('git', 'init', '--quiet')
  run(process.execPath, join(workspace, 'node_modules/@changesets/cli/bin.js'), 'version')
  return new Set(published.map((folder) => manifestOf(root, folder).version))
}

describe('a release', () => {
  it.each([
    ['@kube-authn/core', 'minor'],
    ['@kube-authn/core', 'patch'],
    ['@kube-authn/express', 'minor'],
  ])(
    'in which %s has a change that is %s gives all packages the same next version',
    (name, bump) => {
      const [major, minor, patch] = manifestOf(workspace, 'core').version.split('.').map(Number)
      const expected =
        bump === 'minor' ? `${major}.${(minor ?? 0) + 1}.0` : `${major}.${minor}.${(patch ?? 0) + 1}`
      expect(released(name, bump)).toEqual(new Set([expected]))
    },
    120_000,
  )
})

describe('the changes that wait for a release', () => {
  it('are all in the changelog of each package that they name, and are used up', () => {
    const pending = readdirSync(join(workspace, '.changeset')).filter((file) => file.endsWith('.md'))
    cpSync(join(workspace, '.changeset'), join(root, '.changeset'), { recursive: true })
    released('@kube-authn/koa', 'patch')
    expect(readdirSync(join(root, '.changeset'))).toEqual(['config.json'])
    const missing = [...pending, 'change.md'].flatMap((file) => {
      const [, head = '', text = ''] =
        file === 'change.md'
          ? ['', "'@kube-authn/koa'", 'Something changed.']
          : readFileSync(join(workspace, '.changeset', file), 'utf8').split(/^---$/m)
      const [sentence = ''] = text.trim().split('\n')
      return [...head.matchAll(/@kube-authn\/([\w-]+)/g)].flatMap(([, folder = '']) =>
        readFileSync(join(root, 'packages', folder, 'CHANGELOG.md'), 'utf8').includes(sentence)
          ? []
          : `${file}: ${folder}`,
      )
    })
    expect(missing).toEqual([])
  }, 120_000)
})

describe('the range in which a package takes another of ours', () => {
  it.each(published)('has all of the present major version, and no other, in %s', (folder) => {
    const { peerDependencies = {}, version } = manifestOf(workspace, folder)
    const ranges = Object.entries(peerDependencies).filter(([name]) => name.startsWith('@kube-authn/'))
    for (const [, range] of ranges) expect(range).toBe(`workspace:${version.split('.')[0]}.x`)
    const names = ranges.map(([name]) => name)
    // Expressions are of use to few apps.
    if (folder === 'core') expect(names).toEqual(['@kube-authn/cel'])
    else expect(names).toEqual(LIBRARIES.has(folder) ? [] : expect.arrayContaining(['@kube-authn/core']))
  })
})
