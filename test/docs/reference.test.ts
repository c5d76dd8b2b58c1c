import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync, type TSSignature, type TSType } from 'oxc-parser'
import { describe, expect, it } from 'vitest'
import { documents, root } from '../readme/documents.ts'
import { allDeclarations, type Declared, isType, publicDeclarations, words } from './public-declarations.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const declared = publicDeclarations()

/** The words in code, inline and in blocks, of each part of a document. A part ends at a heading, and where other options begin. */
const parts: readonly ReadonlySet<string>[] = documents().flatMap((document) =>
  read(document)
    .split(/^(?=#|Options `)/m)
    .map((part) => words((part.match(/^```[^]*?^```$|`[^`\n]+`/gm) ?? []).join(' '))),
)
const documented = new Set(parts.flatMap((part) => [...part]))

/** The types of options: `...Options` in a parameter of a public function. The names of the functions, by type. */
const optionTypes = new Map<Declared, readonly string[]>()
for (const type of allDeclarations().filter((each) => isType(each) && each.name.endsWith('Options'))) {
  const takers = declared.filter((each) => each.package === type.package && !isType(each))
  const names = takers.filter(({ code }) => words(code).has(type.name)).map(({ name }) => name)
  if (names.length > 0) optionTypes.set(type, names)
}

/** The names of the options that a type has itself. */
function optionsOf({ code }: Declared): readonly string[] {
  const [node] = parseSync('options.ts', code.split(' + ')[0] ?? '').program.body
  if (node?.type === 'TSInterfaceDeclaration') return namesOf(node.body.body)
  return node?.type === 'TSTypeAliasDeclaration' ? membersOf(node.typeAnnotation) : []
}

function membersOf(type: TSType): readonly string[] {
  if (type.type === 'TSIntersectionType') return type.types.flatMap(membersOf)
  return type.type === 'TSTypeLiteral' ? namesOf(type.members) : []
}

function namesOf(members: readonly TSSignature[]): readonly string[] {
  return members.flatMap((member) =>
    'key' in member && member.key.type === 'Identifier' ? [member.key.name] : [],
  )
}

describe('the documents', () => {
  it('describe every public entry', () => {
    const entries = [...new Set(declared.map(({ entry }) => entry))]
    expect(entries.length).toBeGreaterThan(20)
    const headings = read('docs/reference.md').match(/(?<=^## `)[^`]+/gm) ?? []
    expect(headings.toSorted()).toEqual(entries.toSorted())
  })

  it('name every public function, class and constant', () => {
    const names = declared.filter((each) => !isType(each)).map(({ name }) => name)
    expect(names.length).toBeGreaterThan(100)
    expect(names.filter((name) => !documented.has(name))).toEqual([])
  })

  // A type that another public declaration mentions describes a part of that declaration, and needs no documentation of its own.
  it('name every public type that is not a part of another declaration', () => {
    const mentioned = (type: Declared): boolean =>
      declared.some((each) => each.name !== type.name && words(each.code).has(type.name))
    const alone = declared.filter((each) => isType(each) && !mentioned(each)).map(({ name }) => name)
    expect(alone.filter((name) => !documented.has(name))).toEqual([])
  })

  it('describe every option beside its type or a function that takes it', () => {
    const options = [...optionTypes].flatMap(([type, takers]) =>
      optionsOf(type).map((name) => ({ name, of: [type.name, ...takers] })),
    )
    expect(options.length).toBeGreaterThan(200)
    const missing = options.filter(
      ({ name, of }) => !parts.some((part) => part.has(name) && of.some((each) => part.has(each))),
    )
    expect(missing).toEqual([])
  })
})

describe('docs/reference.md', () => {
  it('has a sentence about everything', () => {
    const items = read('docs/reference.md')
      .split('\n')
      .filter((line) => line.startsWith('- '))
    expect(items.length).toBeGreaterThan(300)
    expect(items.filter((line) => !/^- `[^`]+`: \S/.test(line))).toEqual([])
  })
})
