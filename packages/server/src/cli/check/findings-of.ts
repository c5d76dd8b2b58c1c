import { isConfigurationError } from '@kube-authn/core/internal'
import { positionsIn } from './position.ts'
import type { Kind } from './recognize.ts'

/** What was found in a file. */
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

/** What was found in one file. */
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
