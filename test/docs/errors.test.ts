import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'oxc-parser'
import { beforeAll, describe, expect, it } from 'vitest'
import { filesBelow } from '../files.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** They do not depend on the core, and have errors of their own. */
const INDEPENDENT = /^(?:cel|x509|internal)\//

interface Named {
  readonly name: string
}

/** The parts of the syntax tree that are read. */
interface Node {
  readonly type: string
  readonly [part: string]: unknown
}

/** The codes of each class that extends the base, and of the union. */
const codes = new Map<string, readonly string[]>()

beforeAll(() => {
  const packages = join(root, 'packages')
  const files = filesBelow(packages).filter(
    (file) => /^[\w-]+\/src\/.*(?<!\.test)\.ts$/.test(file) && !INDEPENDENT.test(file),
  )
  for (const file of files) {
    const text = readFileSync(join(packages, file), 'utf8')
    if (!text.includes('KubeAuthnError')) continue
    const statements = (parseSync(file, text).program.body as unknown as readonly Node[]).map(declarationOf)
    const aliases = new Map(
      statements
        .filter(({ type }) => type === 'TSTypeAliasDeclaration')
        .map((alias) => [(alias['id'] as Named).name, stringsIn(alias['typeAnnotation'])]),
    )
    if (aliases.has('ErrorCode')) codes.set('ErrorCode', aliases.get('ErrorCode') ?? [])
    for (const each of statements) {
      if (each.type !== 'ClassDeclaration' || (each['superClass'] as Named | null)?.name !== 'KubeAuthnError')
        continue
      const { body } = each['body'] as { readonly body: readonly Node[] }
      const code = body.find((member) => (member['key'] as Named | undefined)?.name === 'code')
      const [alias] = namesIn(code?.['typeAnnotation'])
      codes.set(
        (each['id'] as Named).name,
        alias === undefined ? stringsIn(code) : (aliases.get(alias) ?? []),
      )
    }
  }
})

function declarationOf(statement: Node): Node {
  return (statement['declaration'] as Node | null | undefined) ?? statement
}

/** All string literals in a part of a tree. */
function stringsIn(part: unknown): readonly string[] {
  return partsOf(part, 'Literal').flatMap(({ value }) => (typeof value === 'string' ? [value] : []))
}

function namesIn(part: unknown): readonly string[] {
  return partsOf(part, 'TSTypeReference').map((reference) => (reference['typeName'] as Named).name)
}

function partsOf(part: unknown, type: string): readonly Node[] {
  if (typeof part !== 'object' || part === null) return []
  const inner = Object.values(part).flatMap((each) => partsOf(each, type))
  return 'type' in part && part.type === type ? [part as Node, ...inner] : inner
}

/** The rows of the table, as `code class`. */
function documented(): readonly string[] {
  return [
    ...readFileSync(join(root, 'docs/errors.md'), 'utf8').matchAll(/^\| `(\w+)` +\| `(\w+)` +\| \S/gm),
  ].map(([, code, name]) => `${code} ${name}`)
}

describe('the codes of errors', () => {
  it('are in the union, each of them, and the union has no others', () => {
    const { ErrorCode: union = [], ...classes } = Object.fromEntries(codes)
    expect(Object.keys(classes).length).toBeGreaterThan(5)
    expect(Object.values(classes).every((each) => each.length > 0)).toBe(true)
    expect([...new Set(Object.values(classes).flat())].toSorted()).toEqual([...union].toSorted())
  })

  it('are in the table of docs/errors.md, each with its class, and no others', () => {
    const declared = [...codes].flatMap(([name, all]) =>
      name === 'ErrorCode' ? [] : all.map((code) => `${code} ${name}`),
    )
    expect([...documented()].toSorted()).toEqual(declared.toSorted())
  })
})

it('every public error class of a package that has the core extends its base', () => {
  const reports = readdirSync(join(root, '.ci/api')).filter((name) => !/^(?:cel|x509)\./.test(name))
  const classes = reports.flatMap((name) =>
    [...readFileSync(join(root, '.ci/api', name), 'utf8').matchAll(/\bclass (\w+) extends (\w+)/g)].map(
      ([, own = '', base]) => ({ own, base }),
    ),
  )
  expect(classes.length).toBeGreaterThan(4)
  const errors = classes.filter(({ own, base }) => own.endsWith('Error') || base === 'Error')
  const others = errors.filter(({ own, base }) => base !== 'KubeAuthnError' && own !== 'KubeAuthnError')
  expect(others.map(({ own }) => own).filter((own) => !own.startsWith('Cel'))).toEqual([])
})
