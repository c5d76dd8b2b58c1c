import { percentDecoded } from '../internal/percent.ts'

/** Parameters that carry a credential, whatever an app makes of them. */
const SECRET: ReadonlySet<string> = new Set([
  'access_token',
  'client_secret',
  'code',
  'id_token',
  'password',
  'refresh_token',
  'token',
])

/**
 * Path and query as sent, with the value of every parameter that carries a credential left out.
 *
 * Deviation: kube-apiserver logs them (`docs/deviations.md`, audit).
 */
export function loggableUri(path: string, query: string): string {
  if (query === '') return path
  const pairs = query.split('&').map((pair) => {
    const equals = pair.indexOf('=')
    return equals !== -1 && isSecret(pair.slice(0, equals)) ? `${pair.slice(0, equals)}=REDACTED` : pair
  })
  return `${path}?${pairs.join('&')}`
}

/** Parsers of nested queries read `token[]`, `token[0]`, `auth[token]` and `auth.token` as parts of an object. */
function isSecret(name: string): boolean {
  const text = percentDecoded(name) ?? name
  return text
    .toLowerCase()
    .split(/[[\].]/)
    .some((part) => SECRET.has(part.trim()))
}
