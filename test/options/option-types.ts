import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'oxc-parser'
import { filesBelow } from '../files.ts'

const packages = fileURLToPath(new URL('../../packages', import.meta.url))

/** An option as one type declares it. */
export interface DeclaredOption {
  readonly name: string
  /** Its type in TypeScript, without `undefined` and `readonly`. Functions of all signatures are `function`, unless they have a name. */
  readonly type: string
  /** The type that declares it, for messages. */
  readonly owner: string
  /** The folder of its package. */
  readonly folder: string
}

/** A node of the syntax tree. */
interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [part: string]: unknown
}

interface Declaration {
  readonly node: Node
  readonly text: string
  readonly folder: string
}

let allOptions: readonly DeclaredOption[] | undefined

/** Options of all factories that check them: the members of every type that is named in an `OptionsShape`. They are read once. */
export function declaredOptions(): readonly DeclaredOption[] {
  return (allOptions ??= readOptions())
}

function readOptions(): readonly DeclaredOption[] {
  const declarations = new Map<string, Declaration[]>()
  const roots = new Map<string, Set<string>>()
  for (const file of filesBelow(packages)) {
    const [, folder = ''] = /^([\w-]+)\/src\/.*(?<!\.test)\.ts$/.exec(file) ?? []
    if (folder === '') continue
    const text = readFileSync(join(packages, file), 'utf8')
    const program = parseSync(file, text).program as unknown as Node
    for (const node of nodesIn(program)) {
      if (node.type === 'TSInterfaceDeclaration' || node.type === 'TSTypeAliasDeclaration') {
        const name = nameOf(node['id'])
        declarations.set(name, [...(declarations.get(name) ?? []), { node, text, folder }])
      } else if (node.type === 'TSTypeReference' && nameOf(node['typeName']) === 'OptionsShape') {
        const own = roots.get(folder) ?? new Set()
        for (const name of referencesIn(node['typeArguments'])) own.add(name)
        roots.set(folder, own)
      }
    }
  }
  const seen = new Set<Node>()
  const found: DeclaredOption[] = []
  const add = (name: string, from: string): void => {
    const all = declarations.get(name) ?? []
    const own = all.filter(({ folder }) => folder === from)
    for (const declaration of own.length > 0 ? own : all) {
      const { node, text, folder } = declaration
      if (seen.has(node)) continue
      seen.add(node)
      const body = node.type === 'TSInterfaceDeclaration' ? node['body'] : node['typeAnnotation']
      for (const member of membersIn(body)) {
        const type = typeOf(member, text, declarations)
        found.push({ name: nameOf(member['key']), type, owner: name, folder })
      }
      for (const reference of [...basesIn(node['extends']), ...partsIn(node['typeAnnotation'])]) {
        add(reference, folder)
      }
    }
  }
  for (const [folder, names] of roots) for (const name of names) add(name, folder)
  return found
}

/** The direct members of an interface, or of the object types in an intersection or a union. */
function membersIn(part: unknown): readonly Node[] {
  if (!isNode(part)) return []
  if (part.type === 'TSInterfaceBody') return (part['body'] as readonly Node[]).filter(isMember)
  if (part.type === 'TSTypeLiteral') return (part['members'] as readonly Node[]).filter(isMember)
  if (part.type === 'TSParenthesizedType') return membersIn(part['typeAnnotation'])
  if (part.type !== 'TSIntersectionType' && part.type !== 'TSUnionType') return []
  return (part['types'] as readonly Node[]).flatMap(membersIn)
}

function isMember({ type }: Node): boolean {
  return type === 'TSPropertySignature' || type === 'TSMethodSignature'
}

/** The names of the types that an alias is composed of, also within `Omit` and `Pick`. */
function partsIn(part: unknown): readonly string[] {
  if (!isNode(part)) return []
  if (part.type === 'TSParenthesizedType') return partsIn(part['typeAnnotation'])
  if (part.type === 'TSIntersectionType' || part.type === 'TSUnionType') {
    return (part['types'] as readonly Node[]).flatMap(partsIn)
  }
  return part.type === 'TSTypeReference' ? referencesIn(part) : []
}

function typeOf(
  member: Node,
  text: string,
  declarations: ReadonlyMap<string, readonly Declaration[]>,
): string {
  const annotation = (member['typeAnnotation'] as Node | undefined)?.['typeAnnotation']
  if (!isNode(annotation)) return 'function'
  return shownType(annotation, text, declarations)
}

function shownType(
  node: Node,
  text: string,
  declarations: ReadonlyMap<string, readonly Declaration[]>,
): string {
  if (node.type === 'TSFunctionType') return 'function'
  if (node.type === 'TSParenthesizedType')
    return shownType(node['typeAnnotation'] as Node, text, declarations)
  if (node.type === 'TSUnionType') {
    const types = (node['types'] as readonly Node[]).map((each) => shownType(each, text, declarations))
    return types.filter((each) => each !== 'undefined').join(' | ')
  }
  const name = node.type === 'TSTypeReference' ? nameOf(node['typeName']) : ''
  const isAlias = declarations.get(name)?.some(({ node: declared }) => isFunction(declared)) ?? false
  if (isAlias && !name.endsWith('Observer')) return 'function'
  return text
    .slice(node.start, node.end)
    .replaceAll(/\breadonly /g, '')
    .replaceAll(/\s+/g, ' ')
}

/** Whether a type is a function: an alias of one, or an interface that can be called. */
function isFunction(declared: Node): boolean {
  if (declared.type === 'TSTypeAliasDeclaration')
    return (declared['typeAnnotation'] as Node).type === 'TSFunctionType'
  const { body = [] } = declared['body'] as { readonly body?: readonly Node[] }
  return body.some(({ type }) => type === 'TSCallSignatureDeclaration')
}

/** The names of the interfaces that an interface extends, also within `Omit` and `Pick`. The argument of any other type is no option. */
function basesIn(heritage: unknown): readonly string[] {
  return ((heritage ?? []) as readonly Node[]).flatMap((node) => {
    const name = nameOf(node['expression'])
    return /^(?:Omit|Pick|Partial|Required)$/.test(name) ? referencesIn(node['typeArguments']) : [name]
  })
}

/** The names of all types that a part refers to. */
function referencesIn(part: unknown): readonly string[] {
  return nodesIn(part).flatMap((node) => (node.type === 'TSTypeReference' ? [nameOf(node['typeName'])] : []))
}

function nodesIn(part: unknown, found: Node[] = []): readonly Node[] {
  if (typeof part !== 'object' || part === null) return found
  if (isNode(part)) found.push(part)
  for (const inner of Object.values(part)) nodesIn(inner, found)
  return found
}

function isNode(part: unknown): part is Node {
  return typeof part === 'object' && part !== null && 'type' in part && 'start' in part
}

function nameOf(part: unknown): string {
  const { name, value } = (part ?? {}) as { readonly name?: string; readonly value?: string }
  return name ?? value ?? ''
}
