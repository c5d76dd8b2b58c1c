import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const script = fileURLToPath(new URL('../../.ci/check-boundaries.mjs', import.meta.url))
let root: string

const core = { '@kube-authn/core': 'workspace:0.x' }
const internal = { '@kube-authn/internal': 'workspace:*' }
const x509 = { '@kube-authn/x509': 'workspace:^' }
const MANIFESTS = {
  internal: { private: true },
  x509: {},
  core: { dependencies: x509, devDependencies: internal },
  node: { peerDependencies: core },
  express: { peerDependencies: core },
  koa: { peerDependencies: core },
  server: { peerDependencies: { ...core, '@kube-authn/node': 'workspace:0.x' } },
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boundaries-'))
  for (const [name, more] of Object.entries(MANIFESTS)) {
    write(`packages/${name}/package.json`, manifest(name, more))
    write(`packages/${name}/src/index.ts`, 'export {}\n')
  }
})
afterEach(() => rmSync(root, { recursive: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

function manifest(folder: string, more: object): string {
  return JSON.stringify({ name: `@kube-authn/${folder}`, ...more })
}

function check(): { status: number | null; problems: string[] } {
  const { status, stderr } = spawnSync(process.execPath, [script, root], { encoding: 'utf8' })
  return { status, problems: stderr.split('\n').filter((line) => line !== '') }
}

/** A statement, by the package that says it. */
type Statement = readonly [folder: string, statement: string]

describe('the boundaries', () => {
  const refused: readonly Statement[] = [
    ['core', "import { readFile } from 'node:fs/promises'"],
    ['core', "import fs from 'fs'"],
    ['core', "import type { Agent } from 'node:https'"],
    ['core', "export { createHash } from 'node:crypto'"],
    ['core', "export * from 'crypto'"],
    ['core', "const { hash } = await import('node:crypto')"],
    ['core', "type Socket = import('node:tls').TLSSocket"],
    ['core', "let tls: typeof import('tls')"],
    ['core', "import tls = require('tls')"],
    ['core', "require('tls')"],
    ['core', '/// <reference types="node" />'],
    ['core', "import { env } from 'cloudflare:workers'"],
    ['core', 'await import(name)'],
    ['core', "import type { Files } from '@kube-authn/node'"],
    ['core', "import { userInfo } from '@kube-authn/core'"],
    ['core', "import '../../../node/src/index.ts'"],
    ['express', "import '@kube-authn/koa'"],
    ['express', "import '@kube-authn/node/files'"],
    ['node', "export type { Middleware } from '@kube-authn/express'"],
    ['node', "import '@kube-authn/server'"],
    ['server', "import '@kube-authn/koa'"],
    ['x509', "import { randomBytes } from 'node:crypto'"],
    ['x509', "import '@kube-authn/core'"],
    ['internal', "import '@kube-authn/x509'"],
    ['x509', "import '@kube-authn/internal/quote'"],
    ['node', "import '@kube-authn/x509'"],
  ]
  const allowed: readonly Statement[] = [
    ['core', "import { parse } from 'csv-parse'\nimport { sha256 } from '#sha256'\nimport '../index.ts'"],
    ['core', "// import 'node:fs'\nexport const text = \"import 'node:fs'\""],
    ['node', "import 'node:fs'\nimport type { UserInfo } from '@kube-authn/core'"],
    ['express', "import express from 'express'\nimport '@kube-authn/core/adapter'"],
    ['server', "import '@kube-authn/core'\nimport '@kube-authn/node'"],
    ['core', "import '@kube-authn/x509'\nimport '@kube-authn/internal/quote'"],
  ]

  it('do not let a package say what they forbid, and name each place', () => {
    for (const [index, [folder, statement]] of refused.entries())
      write(`packages/${folder}/src/refused/${index}.ts`, `// first line\n${statement}\n`)
    const { status, problems } = check()
    expect(status).toBe(1)
    const expected = refused.map(([folder], index) => `packages/${folder}/src/refused/${index}.ts:2: `)
    expect(problems.map((problem) => problem.replace(/(?<=\.ts:\d+: ).*/, '')).toSorted()).toEqual(
      expected.toSorted(),
    )
  })

  it('let it say what they allow', () => {
    for (const [index, [folder, statements]] of allowed.entries())
      write(`packages/${folder}/src/allowed/${index}.ts`, statements)
    expect(check()).toEqual({ status: 0, problems: [] })
  })

  it('leave tests out', () => {
    write('packages/core/src/file.test.ts', "import 'node:fs'\nimport '@kube-authn/express'")
    expect(check()).toEqual({ status: 0, problems: [] })
  })

  it.each([
    ['core', { dependencies: { '@kube-authn/node': 'workspace:*' } }],
    ['koa', { peerDependencies: { '@kube-authn/express': 'workspace:*' } }],
    ['core', { imports: { '#sha256': { node: 'node:crypto', default: './dist/sha256.js' } } }],
    ['koa', { dependencies: core }],
    ['koa', { optionalDependencies: core, peerDependencies: core }],
    ['core', { dependencies: internal }],
    ['core', { peerDependencies: x509 }],
    ['unheard-of', {}],
  ])('hold for the manifest of %s with %j', (folder, more) => {
    write(`packages/${folder}/package.json`, manifest(folder, more))
    write(`packages/${folder}/src/index.ts`, 'export {}\n')
    const { status, problems } = check()
    expect(status).toBe(1)
    expect(problems).toEqual([expect.stringContaining(`packages/${folder}/package.json: `)])
  })

  it('do not let a package import one of ours that is none of its peers', () => {
    write('packages/koa/package.json', manifest('koa', { devDependencies: core }))
    write('packages/koa/src/file.ts', "import type { UserInfo } from '@kube-authn/core'")
    expect(check().problems).toEqual([
      'packages/koa/src/file.ts:1: @kube-authn/core: must be a peer dependency, so that an app has one copy of it',
    ])
  })
})
