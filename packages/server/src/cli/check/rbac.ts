import { defined, isConfigurationError } from '@kube-authn/core/internal'
import { parseRbac } from '@kube-authn/core/authorization'
import { textOf } from '../terminal/input.ts'
import { atLine, type Finding, type Positions, positionsIn } from './findings.ts'
import type { ReadSource } from './sources.ts'

const MAX_LENGTH = 100 * 1024 * 1024
/** A document that is not plain YAML takes long, and a server refuses longer ones. */
const MAX_DOCUMENT_LENGTH = 1_048_576

/** A file of manifests with what was found in it so far. */
interface Manifests {
  readonly source: ReadSource
  readonly text: string
  readonly findings: Finding[]
  readonly positions: Positions
}

/** Finds the mistakes in roles and bindings. Files are checked together, since bindings refer to roles of other files. */
export function checkRbac(
  sources: readonly ReadSource[],
  namespace: string | undefined,
): ReadonlyMap<ReadSource, readonly Finding[]> {
  const found = new Map<ReadSource, readonly Finding[]>()
  const all: Manifests[] = []
  for (const source of sources) {
    const text = textOf(source.bytes)
    const findings: Finding[] = text === undefined ? [{ severity: 'error', message: 'not UTF-8' }] : []
    found.set(source, findings)
    if (text !== undefined) all.push({ source, text, findings, positions: positionsIn(text) })
  }
  for (let files = all; files.length > 0;) {
    const { problems, advice } = parsed(files, namespace)
    const isUnreadable = ({ source: { name } }: Manifests): boolean =>
      problems.some(({ path }) => path === name)
    const readable = files.filter((each) => !isUnreadable(each))
    if (readable.length === files.length) {
      // Without the roles of a file that cannot be read, bindings only seem to refer to missing ones.
      const isComplete = files.length === sources.length
      const known = advice.filter(({ code }) => isComplete || code !== 'danglingRoleRef')
      for (const finding of [...problems, ...known]) place(finding, files)
      break
    }
    for (const { source, findings } of files.filter(isUnreadable)) {
      findings.push(
        ...problems.filter(({ path }) => path === source.name).map(({ message }) => atLine(message)),
      )
    }
    files = readable
  }
  return found
}

interface Located {
  readonly severity: Finding['severity']
  readonly path: string
  readonly message: string
  readonly code?: string
}

function parsed(
  files: readonly Manifests[],
  namespace: string | undefined,
): { readonly problems: readonly Located[]; readonly advice: readonly Located[] } {
  try {
    const { advice } = parseRbac(
      files.map(({ source: { name }, text }) => ({ name, text })),
      {
        maxLength: MAX_LENGTH,
        maxDocumentLength: MAX_DOCUMENT_LENGTH,
        ...defined({ namespace }),
      },
    )
    return { problems: [], advice: advice.map((each) => ({ severity: 'advice', ...each })) }
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    return {
      problems: error.problems.map(({ path, message }) => ({ severity: 'error', path, message })),
      advice: [],
    }
  }
}

/** Adds a finding to the file whose object it is about: `ClusterRole "x": rules[0]` or `roles.yaml[2]: kind`. */
function place(finding: Located, files: readonly Manifests[]): void {
  for (const file of files) {
    const { name } = file.source
    const position = positionOf(finding.path, file)
    const isOfFile = finding.path.startsWith(`${name}[`)
    if (position === undefined && !isOfFile) continue
    const path = isOfFile ? finding.path.slice(name.length) : finding.path
    file.findings.push({ ...finding, path, ...position })
    return
  }
  files[0]?.findings.push(finding)
}

function positionOf(
  path: string,
  file: Manifests,
): { readonly line: number; readonly column: number } | undefined {
  const { positions } = file
  const { name } = file.source
  if (path.startsWith(`${name}[`)) {
    const [, index, field = ''] = /^(\d+)\](?:: (.*))?$/s.exec(path.slice(name.length + 1)) ?? []
    return positions.ofItem(Number(index), field)
  }
  const [, object, field = ''] = /^(\w+ "(?:[^"\\]|\\.)*")(?:: (.*))?$/s.exec(path) ?? []
  return object === undefined ? undefined : positions.ofObject(object, field)
}
