import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { replacementsOf, selectorOf } from './changes.ts'
import { withoutCookies } from './cookies.ts'

/**
 * A Fetch request with changed headers: the same request if its headers are mutable, otherwise a new one with the same body. Returns the
 * request unchanged if there is nothing to change.
 *
 * @example
 * const forTheApplication = withHeaderChanges(request, outcome.headerChanges)
 */
export function withHeaderChanges(request: Request, changes: HeaderChanges): Request {
  const { headers } = request
  const present = [...headers.keys()].filter(selectorOf(changes))
  const cookies = otherCookies(headers, changes)
  if (present.length === 0 && cookies === undefined) return request
  const replaced: (readonly [string, string])[] = replacementsOf(changes).filter(([name]) =>
    present.includes(name),
  )
  const removed = present.filter((name) => !replaced.some(([other]) => other === name))
  if (cookies === '') removed.push('cookie')
  else if (cookies !== undefined) replaced.push(['cookie', cookies])
  try {
    change(headers, removed, replaced)
    return request
  } catch {
    // Deno and Workers make the headers of received requests immutable.
    const copy = new Headers(headers)
    change(copy, removed, replaced)
    return new Request(request, { headers: copy })
  }
}

/** The cookies that the changes leave; `undefined` if they leave all. */
function otherCookies(headers: Headers, { removeCookies }: HeaderChanges): string | undefined {
  const value = removeCookies === undefined ? null : headers.get('cookie')
  if (value === null || removeCookies === undefined) return undefined
  const kept = withoutCookies(value, removeCookies)
  return kept === value ? undefined : kept
}

function change(
  headers: Headers,
  removed: readonly string[],
  replaced: readonly (readonly [name: string, value: string])[],
): void {
  for (const name of removed) headers.delete(name)
  for (const [name, value] of replaced) headers.set(name, value)
}
