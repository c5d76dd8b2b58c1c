import { percentDecoded } from '@kube-authn/core/internal'

/** Parameters that usually carry a credential. */
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
 * Path and query as sent, with the values of parameters that carry a credential redacted.
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

/** Query parsers with nesting read `token[]`, `token[0]`, `auth[token]` and `auth.token` as members of an object. */
function isSecret(name: string): boolean {
  const text = percentDecoded(name) ?? name
  return text
    .toLowerCase()
    .split(/[[\].]/)
    .some((part) => SECRET.has(part.trim()))
}
