import { isConfigurationError } from '@kube-authn/core/internal'
import { isAlias, isCollection, isMap, isNode, isPair, isScalar, LineCounter, parseAllDocuments } from 'yaml'
import type { Kind } from './recognize.ts'

export interface Finding {
  /** `warning`: a part of the file is ignored. `advice`: the file is valid, but may not mean what its author intended. */
  readonly severity: 'error' | 'warning' | 'advice'
  readonly message: string
  /** The field, as in `jwt[0].issuer.url`. */
  readonly path?: string
  /** The line and column, counted from 1. */
  readonly line?: number
  readonly column?: number
  /** The name of the warning or advice. */
  readonly code?: string
}

export interface FileReport {
  readonly file: string
  /** `null` if it is not known. */
  readonly kind: Kind | null
  readonly findings: readonly Finding[]
  /** Whether the file could not be checked. */
  readonly isUnchecked: boolean
}

/** Runs a reader: its advice, and its problems with their places in the text. */
export function findingsOf(
  { name, text }: { readonly name: string; readonly text: string },
  read: () => readonly Finding[],
): readonly Finding[] {
  const positions = positionsIn(text)
  const placed = (finding: Finding): Finding =>
    finding.path === undefined ? finding : { ...finding, ...positions.ofField(finding.path) }
  try {
    return read().map(placed)
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    return error.problems.map((problem) => placed(ofProblem(name, problem)))
  }
}

/** A problem of the file itself has the name of the file as its path, and one of a field may begin with it. */
function ofProblem(
  name: string,
  { path, message }: { readonly path: string; readonly message: string },
): Finding {
  if (path === name || path === '') return atLine(message)
  const field = path.startsWith(`${name}: `) ? path.slice(name.length + 2) : path
  return { severity: 'error', path: field, message }
}

/** A message about syntax ends with its place. */
export function atLine(message: string): Finding {
  const [, text, line, column] = /^(.*) at line (\d+), column (\d+)$/s.exec(message) ?? []
  if (text === undefined) return { severity: 'error', message }
  return { severity: 'error', line: Number(line), column: Number(column), message: text }
}

/** A place in a text, counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Finds the place of a field. */
export interface Positions {
  /** The place of a field of the first document, or of the closest field around it that exists; `undefined` if there is none. */
  readonly ofField: (path: string) => Position | undefined
  /** The place of a field of the object with this kind and name. */
  readonly ofObject: (object: string, path: string) => Position | undefined
  /** The place of a field of the object at this position. */
  readonly ofItem: (index: number, path: string) => Position | undefined
}

const MAX_LENGTH = 1_048_576

/**
 * Where the fields of a YAML or JSON text are, which is parsed when the first place is asked for. A text that is large or invalid has no places: its errors have their own.
 *
 * The parser is called with limits only after the reader of the file has accepted its syntax and depth.
 */
export function positionsIn(text: string): Positions {
  const lines = new LineCounter()
  let roots: readonly unknown[] | undefined
  const place = (find: (roots: readonly unknown[]) => unknown, path: string): Position | undefined => {
    roots ??= rootsIn(text, lines)
    const offset = startOf(find(roots), stepsOf(path))
    if (offset === undefined) return undefined
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  return {
    ofField: (path) => place(([first]) => first, path),
    ofObject: (object, path) => place((all) => all.find((each) => nameOf(each) === object), path),
    ofItem: (index, path) => place((all) => all[index], path),
  }
}

function rootsIn(text: string, lineCounter: LineCounter): readonly unknown[] {
  if (text.length > MAX_LENGTH) return []
  const documents = parseAllDocuments(text, { version: '1.1', lineCounter })
  if (!Array.isArray(documents)) return []
  return documents.filter((each) => each.errors.length === 0).flatMap((each) => itemsOf(each.contents))
}

/** The objects of a document: itself, or the items of a list of objects. */
function itemsOf(root: unknown): readonly unknown[] {
  if (!isMap(root)) return [root]
  const items: unknown = root.get('items')
  return String(root.get('kind')).endsWith('List') && isCollection(items) ? items.items : [root]
}

/** As the messages about manifests name an object: `Role "shop/reader"`. */
function nameOf(root: unknown): string | undefined {
  if (!isMap(root)) return undefined
  const [kind, name, namespace] = [
    root.get('kind'),
    root.getIn(['metadata', 'name']),
    root.getIn(['metadata', 'namespace']),
  ]
  if (typeof kind !== 'string' || typeof name !== 'string') return undefined
  const isNamespaced = typeof namespace === 'string' && namespace !== '' && !kind.startsWith('Cluster')
  return `${kind} ${JSON.stringify(isNamespaced ? `${namespace}/${name}` : name)}`
}

/** The steps of a path: `jwt[0].issuer.url`, `labels[a.b/c]`. */
function stepsOf(path: string): readonly (string | number)[] {
  return [...path.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, inBrackets, name]) =>
    name !== undefined ? name : /^\d+$/.test(inBrackets ?? '') ? Number(inBrackets) : (inBrackets ?? ''),
  )
}

/** The offset of the deepest part of a path that exists: of a member that is its key. */
function startOf(root: unknown, steps: readonly (string | number)[]): number | undefined {
  let found = isNode(root) ? root.range?.[0] : undefined
  let node: unknown = root
  for (const step of steps) {
    if (isAlias(node) || !isCollection(node)) break
    const next: unknown =
      typeof step === 'number'
        ? node.items[step]
        : node.items.find((each) => isPair(each) && isScalar(each.key) && each.key.value === step)
    if (next === undefined) break
    const at = isPair(next) ? next.key : next
    if (isNode(at) && at.range) found = at.range[0]
    node = isPair(next) ? next.value : next
  }
  return found
}
