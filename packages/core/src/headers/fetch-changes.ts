import type { HeaderChanges } from '../authenticator.ts'
import { isRemoved } from './changes.ts'

/**
 * A Fetch request whose headers are changed: the same one where its headers can be written to, else a new one with the same
 * body. Nothing is done when there is nothing to change.
 *
 * @example
 * const forTheApplication = withHeaderChanges(request, outcome.headerChanges)
 */
export function withHeaderChanges(request: Request, changes: HeaderChanges): Request {
  const { headers } = request
  const removed = namesToRemove(headers, changes)
  const replaced = (changes.replace ?? []).filter(([name]) => headers.has(name))
  if (removed.length === 0 && replaced.length === 0) return request
  try {
    change(headers, removed, replaced)
    return request
  } catch {
    // Deno and Workers protect the headers of what they received.
    const copy = new Headers(headers)
    change(copy, removed, replaced)
    return new Request(request, { headers: copy })
  }
}

function namesToRemove(headers: Headers, changes: HeaderChanges): readonly string[] {
  const byName = changes.remove.filter((name) => headers.has(name))
  if (changes.removePrefixes === undefined || changes.removePrefixes.length === 0) return byName
  return [...new Set([...byName, ...[...headers.keys()].filter((name) => isRemoved(name, changes))])]
}

function change(
  headers: Headers,
  removed: readonly string[],
  replaced: readonly (readonly [name: string, value: string])[],
): void {
  for (const name of removed) headers.delete(name)
  for (const [name, value] of replaced) headers.set(name, value)
}
