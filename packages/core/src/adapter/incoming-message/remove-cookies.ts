import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { withoutCookies } from '../../request/headers/cookies.ts'
import type { NodeRequest } from './node-request.ts'

/** The changes without those of cookies, and the same with the whole header `Cookie`: made once, since their selectors are cached by object. */
interface Variants {
  readonly others: HeaderChanges
  readonly withWholeHeader: HeaderChanges
}

const variants = new WeakMap<HeaderChanges, Variants>()

/**
 * Removes cookies from a Node request, in `rawHeaders`, `headers` and `headersDistinct`.
 *
 * @returns whether the request had any, and the changes that remain to be made.
 */
export function removeCookies(
  message: NodeRequest,
  changes: HeaderChanges,
  names: readonly string[],
): { readonly hadCookies: boolean; readonly remaining: HeaderChanges } {
  const { rawHeaders } = message
  const indexes = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && name.toLowerCase() === 'cookie' ? [index + 1] : [],
  )
  const kept = indexes.map((index) => withoutCookies(rawHeaders[index] ?? '', names))
  if (indexes.every((at, index) => kept[index] === rawHeaders[at])) {
    return { hadCookies: false, remaining: variantsOf(changes).others }
  }
  if (kept.every((value) => value === ''))
    return { hadCookies: true, remaining: variantsOf(changes).withWholeHeader }
  // Node makes both from `rawHeaders` on first access.
  const { headers, headersDistinct } = message
  for (const [index, at] of indexes.entries()) rawHeaders[at] = kept[index] ?? ''
  const values = kept.filter((value) => value !== '')
  headers['cookie'] = values.join('; ')
  if (headersDistinct !== undefined) headersDistinct['cookie'] = values
  return { hadCookies: true, remaining: variantsOf(changes).others }
}

function variantsOf(changes: HeaderChanges): Variants {
  let known = variants.get(changes)
  if (known === undefined) {
    const { removeCookies: _, ...others } = changes
    known = { others, withWholeHeader: { ...others, remove: [...others.remove, 'cookie'] } }
    variants.set(changes, known)
  }
  return known
}
