import { statSync } from 'node:fs'
import { looksLikeContent, manifestFilesAt } from '@kube-authn/node/internal'
import { codeOf, Failure } from '../failure.ts'
import { readInput, STDIN } from '../terminal/input.ts'
import { type Kind, recognize } from './recognize.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** A file to check. */
export interface ReadSource {
  readonly name: string
  /** Its path; absent for standard input. */
  readonly path?: string
  readonly kind: Kind
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** A file to check, or why it cannot be checked. */
export type Source = ReadSource | { readonly name: string; readonly problem: string }

/** As large as a server accepts for a file of credentials or of roles; the readers of other files have a smaller limit. */
const MAX_BYTES = 100 * 1024 * 1024

/** Reads a file or the manifests in a folder. */
export async function sourcesAt(
  terminal: Terminal,
  path: string,
  kind: Kind | undefined,
): Promise<readonly Source[]> {
  if (!isFolder(path)) return [await sourceAt(terminal, path, kind)]
  const files = filesIn(path)
  if (typeof files === 'string') return [{ name: path, problem: files }]
  if (files.length === 0) {
    return [{ name: path, problem: 'contains no manifest (.yaml, .yml or .json)' }]
  }
  const sources: Source[] = []
  for (const file of files) {
    const source = await sourceAt(terminal, file, kind)
    // A server reads every manifest of a folder of roles, and ignores other objects in it.
    const isManifest = 'kind' in source && !source.kind.endsWith('-file')
    sources.push(isManifest || kind !== undefined ? source : await sourceAt(terminal, file, 'rbac'))
  }
  return sources
}

async function sourceAt(terminal: Terminal, path: string, kind: Kind | undefined): Promise<Source> {
  try {
    const { name, bytes } = await readInput(terminal, path, MAX_BYTES)
    const found = kind === undefined ? recognize(name, bytes) : { kind }
    if ('problem' in found) return { name, problem: found.problem }
    return { name, kind: found.kind, bytes, ...(path !== STDIN && { path }) }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { name: looksLikeContent(path) ? 'argument' : path, problem: error.message }
  }
}

function isFolder(path: string): boolean {
  try {
    return path !== STDIN && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    // Reading it fails with a better message.
    return false
  }
}

/** The manifests in a folder, or why it cannot be read. */
function filesIn(path: string): readonly string[] | string {
  try {
    return manifestFilesAt(path)
  } catch (error) {
    return `cannot be read (${codeOf(error)})`
  }
}
