import { textFromLatin1 } from '@kube-authn/internal/byte-text'

/** Decodes percent escapes once, as Go's `url.PathUnescape` does: `undefined` if one is malformed. Invalid UTF-8 bytes stay distinguishable (`byte-text.ts`). */
export function percentDecoded(text: string): string | undefined {
  // Node decodes the bytes of a target as latin1. If the text is already decoded, its characters are kept, and only runs of escapes are decoded.
  const isDecoded = /[^\0-\xff]/.test(text)
  if (!text.includes('%')) return isDecoded ? text : textFromLatin1(text)
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined
  if (isDecoded) return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => percentDecoded(run) ?? run)
  const latin1 = text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
  return textFromLatin1(latin1)
}

/** The first value of each query parameter, read as Go's `url.ParseQuery` does: a pair with a semicolon or a malformed escape is ignored. */
export function firstValues(query: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  if (query === '') return values
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';')) continue
    const equals = pair.indexOf('=')
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals))
    const value = decoded(equals === -1 ? '' : pair.slice(equals + 1))
    if (name !== undefined && value !== undefined && !values.has(name)) values.set(name, value)
  }
  return values
}

function decoded(text: string): string | undefined {
  return percentDecoded(text.replaceAll('+', ' '))
}
