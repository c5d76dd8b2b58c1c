import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync, type TSType } from 'oxc-parser'
import { describe, expect, it } from 'vitest'
import { root } from '../readme/documents.ts'
import { type Declared, isType, allDeclarations, words } from './public-declarations.ts'
import { filesBelow } from '../files.ts'

const declared = allDeclarations()
const interfaces = new Set(
  declared.filter(({ code }) => code.startsWith('interface ')).map(({ name }) => name),
)

const isMember = (type: TSType): boolean => {
  if (type.type === 'TSLiteralType') return type.literal.type === 'Literal'
  // An object with a literal member, such as `type`, that tells it from the others.
  if (type.type === 'TSTypeLiteral') {
    return type.members.some(
      (member) =>
        member.type === 'TSPropertySignature' &&
        member.typeAnnotation?.typeAnnotation.type === 'TSLiteralType',
    )
  }
  if (type.type !== 'TSTypeReference' || type.typeName.type !== 'Identifier') return false
  return interfaces.has(type.typeName.name)
}

/** Whether it is a union of strings or of public interfaces, without a member such as `string` that admits others. */
function isClosedUnion({ code }: Declared): boolean {
  const [node] = parseSync('type.ts', code.split(' + ')[0] ?? '').program.body
  return (
    node?.type === 'TSTypeAliasDeclaration' &&
    node.typeAnnotation.type === 'TSUnionType' &&
    node.typeAnnotation.types.every(isMember)
  )
}

/** Whether users of the library receive such a value: in an event, an error or a result. Options and parameters are what they pass. */
function isReceived({ name }: Declared): boolean {
  return declared.some((each) => {
    if (each.name === name || each.name.endsWith('Options')) return false
    const [, result] = /^declare function .*\): ([^;]+);/.exec(each.code) ?? []
    return words(result ?? (isType(each) || each.code.startsWith('declare class') ? each.code : '')).has(name)
  })
}

const sources = filesBelow(join(root, 'packages'))
  .filter((file) => /^[\w-]+\/src\/.*(?<!\.test)\.ts$/.test(file))
  .map((file) => readFileSync(join(root, 'packages', file), 'utf8'))

/** The comment of an exported type, on one line. */
function commentOf(name: string): string {
  const before = sources.flatMap((code) =>
    code.split(new RegExp(`^export type ${name}\\b`, 'm')).slice(0, -1),
  )
  return before
    .map((code) => (/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*$/.exec(code)?.[1] ?? '').replaceAll(/\s*\n \* ?/g, ' '))
    .join(' ')
}

const unions = [...new Map(declared.map((each) => [each.name, each])).values()].filter(
  (each) => isClosedUnion(each) && isReceived(each),
)

describe('a closed union that users receive', () => {
  it('is found in the report of the public surface', () => {
    expect(unions.map(({ name }) => name)).toContain('AuthenticationEvent')
    expect(unions.length).toBeGreaterThan(5)
  })

  it.each(unions)('$name says whether it will grow', ({ name }) => {
    expect(commentOf(name)).toMatch(
      /More may be added in a minor version; handle the rest\.|No more will be added\./,
    )
  })
})
