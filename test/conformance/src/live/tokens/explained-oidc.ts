import type { Difference } from '../difference.ts'
import type { Explanation } from '../live-area.ts'
import type { RecordedToken } from './oidc.ts'
import { isOnlyHere, isOnlyThere } from './outcome.ts'
import { tokenText } from './token-text.ts'

const CLAIMS = new Set([
  'iss',
  'sub',
  'aud',
  'exp',
  'iat',
  'nbf',
  'nonce',
  'at_hash',
  '_claim_names',
  '_claim_sources',
])

/** Why a token is valid on one side only, or invalid for different reasons. */
export const explainedOidc: readonly Explanation<RecordedToken>[] = [
  {
    row: 'depth of tokens',
    explains: ({ at, there }, { token }) =>
      at === 'outcome' && !String(there).startsWith('user ') && depthOf(token) > 10_000,
  },
  {
    row: 'token text',
    explains: ({ at, here }, { token }) =>
      at === 'outcome' && !String(here).startsWith('user ') && tokenText(token).isUnusual,
    always: ({ real, token }) => real.user !== undefined && tokenText(token).isUnusual,
  },
  {
    row: 'lists of Go strings',
    explains: (difference) =>
      isOnlyHere(difference) &&
      String(difference.there).endsWith('expression must return a string or a list of strings'),
  },
  {
    row: 'RSA keys of tokens',
    explains: (difference, { token, plan = '' }) =>
      isOnlyThere(difference) && (tokenText(token).header['kid'] === 'r1024' || plan.endsWith(' by r1024')),
    always: ({ real, token }) => real.user !== undefined && tokenText(token).header['kid'] === 'r1024',
  },
  {
    row: 'members of token headers',
    explains: (difference, { token }) => isOfMembers(difference, token),
  },
  {
    row: 'names of claims',
    explains: ({ at }, { token }) =>
      at === 'outcome' &&
      Object.keys(tokenText(token).claims).some((name) => !CLAIMS.has(name) && CLAIMS.has(folded(name))),
  },
  {
    row: 'times in tokens',
    explains: ({ at, here }) => at === 'outcome' && String(here).endsWith('a time must be a number in range'),
  },
]

/**
 * Whether a token is valid on one side only because of a header member: go-jose refuses malformed ones, or reads `b64`; here `crit` is refused.
 */
export function isOfMembers(difference: Difference, token: string): boolean {
  const { header } = tokenText(token)
  const has = (names: readonly string[]): boolean => names.some((name) => Object.hasOwn(header, name))
  if (isOnlyThere(difference)) return has(['crit'])
  const isOdd = has(['jwk', 'x5c', 'x5t', 'x5t#S256', 'nonce', 'b64'])
  if (!isOnlyHere(difference)) return isOdd && difference.there === 'no opinion'
  return isOdd && MALFORMED.test(String(difference.there))
}

/** How go-jose says that a member is malformed; a token that is none there has no opinion. */
const MALFORMED = /: malformed jwt: |failed to verify id token signature$|^no opinion$/

/** Compares field names like Go: case-insensitively, including two further Unicode letters. */
function folded(name: string): string {
  return name.toLowerCase().replaceAll('\u{17f}', 's').replaceAll('\u{212a}', 'k')
}

/** The nesting depth of lists, in a payload without brackets in its strings. */
function depthOf(token: string): number {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')
  return Math.max(0, ...(payload.match(/\[+/g) ?? []).map(({ length }) => length))
}
