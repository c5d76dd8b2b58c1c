import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { foldersIn, root, type Snippet, snippets } from './documents.ts'
import { isJavaScript, type TypeCheck, typeCheck } from './type-check.ts'

const all = snippets()
const typeScript = all.filter(({ language }) => ['ts', 'typescript'].includes(language))
const shell = all.filter(({ language }) => ['sh', 'bash', 'shell'].includes(language))
const json = all.filter(({ language }) => language === 'json')

describe('TypeScript and JavaScript', () => {
  const programs = [...typeScript, ...all.filter(isJavaScript)]
  let result: TypeCheck
  beforeAll(() => {
    result = typeCheck(programs)
  }, 60_000)

  it.each(programs)('$place compiles', ({ place }) => {
    expect(result.errors.get(place) ?? []).toEqual([])
  })

  it('compiles without any other error', () => {
    expect(result.elsewhere).toEqual([])
  })
})

describe.runIf(shell.length > 0)('shell', () => {
  const scriptsOf = (folder: string): readonly string[] => {
    const manifest = readFileSync(join(root, folder, 'package.json'), 'utf8')
    return Object.keys((JSON.parse(manifest) as { scripts?: object }).scripts ?? {})
  }
  const published = foldersIn('packages').map((folder) => folder.replace('packages/', '@kube-authn/'))

  it.each(shell)('$place is a shell script', ({ code }) => {
    const { status, stderr } = spawnSync('sh', ['-n'], { input: code, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  it.each(shell)(
    '$place runs scripts and installs packages that are there',
    ({ code, document }: Snippet) => {
      const named = code.matchAll(/\bp?npm (?:run ([\w:-]+)|(test|start)\b)/g)
      const scripts = [...named].map(([, script, short]) => script ?? short)
      const packages = [...code.matchAll(/@kube-authn\/[a-z\d-]+/g)].map(([name]) => name)
      const folder = document.startsWith('examples/') ? dirname(document) : '.'
      const known = new Set([...scriptsOf('.'), ...scriptsOf(folder), ...published])
      expect([...scripts, ...packages].filter((name) => name === undefined || !known.has(name))).toEqual([])
    },
  )
})

describe.runIf(json.length > 0)('JSON', () => {
  it.each(json)('$place parses', ({ code }) => {
    expect(JSON.parse(code)).toBeDefined()
  })
})
