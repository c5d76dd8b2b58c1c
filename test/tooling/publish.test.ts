import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'

const script = fileURLToPath(new URL('../../.ci/publish.mjs', import.meta.url))
let root: string

/** Takes the place of npm: `published` has a line for each version that the registry has; every publication is written down. */
const NPM = `#!/usr/bin/env node
const { appendFileSync, readFileSync } = require('node:fs')
const [command, what, ...rest] = process.argv.slice(2)
const known = readFileSync('published', 'utf8')
if (command === 'publish') {
  appendFileSync('log', [what, ...rest].join(' ') + '\\n')
} else if (known.includes('unreachable')) {
  console.error('npm error code ENOTFOUND')
  process.exitCode = 1
} else if (known.split('\\n').includes(what)) {
  console.log(what.slice(what.lastIndexOf('@') + 1))
} else {
  console.error('npm error code E404')
  process.exitCode = 1
}
`

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'publish-'))
  mkdirSync(join(root, 'bin'))
  writeFileSync(join(root, 'bin/npm'), NPM)
  chmodSync(join(root, 'bin/npm'), 0o755)
  mkdirSync(join(root, 'tarballs'))
  for (const [name, dependencies] of [
    ['a', { peerDependencies: { '@x/b': '1.x', express: '5' } }],
    ['b', { dependencies: { '@x/c': '^1.2.0' } }],
    ['c', {}],
  ] as const) {
    mkdirSync(join(root, name, 'package'), { recursive: true })
    const manifest = { name: `@x/${name}`, version: '1.2.0', ...dependencies }
    writeFileSync(join(root, name, 'package/package.json'), JSON.stringify(manifest))
    spawnSync('tar', ['-czf', `tarballs/${name}.tgz`, '-C', name, 'package'], { cwd: root })
  }
})
afterEach(() => rmSync(root, { recursive: true }))

function publish(known: readonly string[]): {
  readonly status: number | null
  readonly log: readonly string[]
  readonly output: string
} {
  writeFileSync(join(root, 'published'), known.join('\n'))
  const env = {
    ...process.env,
    PATH: `${join(root, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    GITHUB_OUTPUT: join(root, 'output'),
  }
  const { status } = spawnSync(process.execPath, [script, 'tarballs'], { cwd: root, env })
  const written = (file: string): string =>
    existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : ''
  return { status, log: written('log').split('\n').filter(Boolean), output: written('output') }
}

const line = (name: string): string => `tarballs/${name}.tgz --access public --provenance`

it('a release publishes what others need first, and says which version it was', () => {
  expect(publish([])).toEqual({
    status: 0,
    log: [line('c'), line('b'), line('a')],
    output: 'version=1.2.0\n',
  })
})

it('a repeated release publishes the rest', () => {
  const known = ['@x/c@1.2.0', '@x/b@1.1.0']
  expect(publish(known)).toEqual({ status: 0, log: [line('b'), line('a')], output: 'version=1.2.0\n' })
})

it('a release of what is published does nothing', () => {
  expect(publish(['@x/a@1.2.0', '@x/b@1.2.0', '@x/c@1.2.0'])).toEqual({ status: 0, log: [], output: '' })
})

it('a release without the registry fails, and publishes nothing', () => {
  expect(publish(['unreachable'])).toEqual({ status: 1, log: [], output: '' })
})
