import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'oxc-parser'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A source file of a package, without tests. */
export interface Source {
  readonly lines: number
  /** The files that it imports in any way, types and `import()` included. */
  readonly imports: ReadonlySet<string>
  /** The files whose code it imports. A name that an entry passes on counts for the file that has it. */
  readonly codeImports: ReadonlySet<string>
  readonly functions: readonly SourceFunction[]
}

interface SourceFunction {
  readonly line: number
  readonly lines: number
}

/** A statement or an expression that imports. */
interface Import {
  readonly file: string
  readonly isOfTypes: boolean
  /** The names that are imported; `undefined` for all. */
  readonly names: readonly string[] | undefined
  /** Whether it exports them, under the same names. */
  readonly isPassedOn: boolean
}

interface ParsedSource {
  readonly lines: number
  readonly imported: readonly Import[]
  /** The names that it declares and exports. */
  readonly exported: ReadonlySet<string>
  readonly functions: readonly SourceFunction[]
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

let allSources: ReadonlyMap<string, Source> | undefined

/** All sources of all packages, by their path from the root of the repository. They are read once. */
export function readSources(): ReadonlyMap<string, Source> {
  return (allSources ??= parseSources())
}

function parseSources(): ReadonlyMap<string, Source> {
  const files = new Set(
    readdirSync(join(root, 'packages'), { withFileTypes: true })
      .filter((folder) => folder.isDirectory())
      .flatMap(({ name }) =>
        readdirSync(join(root, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' })
          .filter((file) => /(?<!\.test)(?<!\.d)\.ts$/.test(file))
          .map((file) => `packages/${name}/src/${file}`),
      ),
  )
  const parsed = new Map([...files].map((file) => [file, parseSource(file, files)]))
  return new Map(
    [...parsed].map(([file, { imported, lines, functions }]) => [
      file,
      {
        lines,
        functions,
        imports: new Set(imported.map((each) => each.file)),
        codeImports: new Set(
          imported.filter(({ isOfTypes }) => !isOfTypes).flatMap((each) => filesWith(each, parsed)),
        ),
      },
    ]),
  )
}

function parseSource(file: string, files: ReadonlySet<string>): ParsedSource {
  const text = readFileSync(join(root, file), 'utf8')
  const { program } = parseSync(file, text)
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length
  const imported: Import[] = []
  const exported = new Set<string>()
  const functions: SourceFunction[] = []
  visit(program, (node) => {
    const target = importedFile(node, file, files)
    if (target !== undefined) imported.push({ file: target, ...namesIn(node) })
    for (const name of declaredNames(node)) exported.add(name)
    if (node.type.includes('Function') && node['body'] !== null && node['body'] !== undefined) {
      const line = lineAt(node.start)
      functions.push({ line, lines: lineAt(node.end) - line + 1 })
    }
  })
  return { lines: text.split('\n').length - 1, imported, exported, functions }
}

/** The source that a statement or an expression imports, of this package or of another one. */
function importedFile(node: Node, file: string, files: ReadonlySet<string>): string | undefined {
  if (!/^(?:ImportDeclaration|ImportExpression|Export(?:All|Named)Declaration|TSImportType)$/.test(node.type))
    return undefined
  const { value: specifier } = (node['source'] ?? {}) as { readonly value?: unknown }
  if (typeof specifier !== 'string') return undefined
  const path = specifier.startsWith('.') ? join(dirname(file), specifier) : entryFile(specifier)
  return path !== undefined && files.has(path) ? path : undefined
}

/** The source of an entry of another package of the workspace. */
function entryFile(specifier: string): string | undefined {
  const [, folder, entry = ''] = /^@kube-authn\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? []
  if (folder === undefined) return undefined
  const { exports } = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, unknown>>
  }
  const target = exports[entry === '' ? '.' : `./${entry}`] ?? exports['./*']
  return typeof target === 'string'
    ? join('packages', folder, target.replace('*', entry)).replace('/dist/', '/src/').replace(/\.js$/, '.ts')
    : undefined
}

function namesIn(node: Node): Omit<Import, 'file'> {
  const isPassedOn = node.type.startsWith('Export')
  const isType = ({ importKind, exportKind }: Node): boolean => importKind === 'type' || exportKind === 'type'
  const { specifiers } = node
  if (node.type === 'TSImportType' || isType(node)) return { isOfTypes: true, names: undefined, isPassedOn }
  if (!Array.isArray(specifiers) || specifiers.length === 0)
    return { isOfTypes: false, names: undefined, isPassedOn }
  const ofCode = (specifiers as readonly Node[]).filter((specifier) => !isType(specifier))
  const names = ofCode.map((specifier) => {
    const { name } = (specifier[isPassedOn ? 'local' : 'imported'] ?? {}) as { readonly name?: string }
    return name
  })
  return {
    isOfTypes: ofCode.length === 0,
    names: names.every((name) => name !== undefined) ? names : undefined,
    isPassedOn,
  }
}

/** The names of a declaration that is exported where it stands. */
function declaredNames(node: Node): readonly string[] {
  if (node.type !== 'ExportNamedDeclaration' || typeof node['declaration'] !== 'object') return []
  const declaration = node['declaration'] as {
    readonly id?: Named
    readonly declarations?: readonly { id: Named }[]
  }
  const ids = [declaration?.id, ...(declaration?.declarations ?? []).map(({ id }) => id)]
  return ids.flatMap((id) => id?.name ?? [])
}

interface Named {
  readonly name?: string
}

/** The files that have what is imported. */
function filesWith({ file, names }: Import, parsed: ReadonlyMap<string, ParsedSource>): readonly string[] {
  return names === undefined ? [file] : names.map((name) => fileWith(name, file, parsed) ?? file)
}

function fileWith(name: string, file: string, parsed: ReadonlyMap<string, ParsedSource>): string | undefined {
  const { exported, imported } = parsed.get(file) ?? { exported: new Set(), imported: [] }
  if (exported.has(name)) return file
  for (const { isPassedOn, names, file: next } of imported) {
    if (!isPassedOn || names?.includes(name) === false) continue
    const found = fileWith(name, next, parsed)
    if (found !== undefined) return found
  }
  return undefined
}

function visit(value: unknown, seen: (node: Node) => void): void {
  if (Array.isArray(value)) for (const each of value) visit(each, seen)
  else if (typeof value === 'object' && value !== null && 'type' in value) {
    seen(value as Node)
    for (const child of Object.values(value)) visit(child, seen)
  }
}

/** All files that code or types lead to from these, in order of their names, these included. */
export function reachedFrom(
  entries: readonly string[],
  importsOf: (file: string) => Iterable<string>,
): readonly string[] {
  const reached = new Set<string>()
  const rest = [...entries]
  for (let file = rest.pop(); file !== undefined; file = rest.pop()) {
    if (reached.has(file)) continue
    reached.add(file)
    rest.push(...importsOf(file))
  }
  return [...reached].toSorted()
}

/** The groups of files that import each other in a circle. Source: R. Tarjan, Depth-first search and linear graph algorithms (1972). */
export function circlesIn(sources: ReadonlyMap<string, Source>): readonly (readonly string[])[] {
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const circles: string[][] = []
  const follow = (file: string): number => {
    let low = order.size
    order.set(file, low)
    open.push(file)
    const first = low
    for (const imported of sources.get(file)?.imports ?? []) {
      if (!order.has(imported)) low = Math.min(low, follow(imported))
      else if (open.includes(imported)) low = Math.min(low, order.get(imported) ?? low)
    }
    lowest.set(file, low)
    if (low === first) {
      const circle = open.splice(open.indexOf(file))
      if (circle.length > 1) circles.push(circle.toSorted())
    }
    return low
  }
  for (const file of sources.keys()) if (!order.has(file)) follow(file)
  return circles
}
