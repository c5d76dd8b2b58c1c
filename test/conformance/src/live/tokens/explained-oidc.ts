import type { Explanation } from '../live-area.ts'
import type { RecordedToken } from './oidc.ts'
import { isOnlyHere, isOnlyThere } from './outcome.ts'
import { type TokenText, tokenText } from './token-text.ts'

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
const HEADERS = ['jwk', 'x5c', 'x5t', 'x5t#S256', 'nonce', 'b64', 'crit']

/** Why a token is somebody's on one side only, or of nobody in another way. */
export const explainedOidc: readonly Explanation<RecordedToken>[] = [
  {
    row: 'CEL limits',
    explains: (difference) =>
      isOnlyThere(difference) && String(difference.here).endsWith('the value is nested too deeply'),
  },
  {
    row: 'depth of tokens',
    explains: (difference, { token }) => isOnlyHere(difference) && depthOf(token) > 10_000,
  },
  {
    row: 'token text',
    explains: ({ at, here }, { token }) =>
      at === 'outcome' && !String(here).startsWith('user ') && tokenText(token).isUnusual,
  },
  {
    row: 'lists of Go strings',
    explains: (difference) =>
      isOnlyHere(difference) &&
      String(difference.there).endsWith('expression must return a string or a list of strings'),
  },
  {
    row: 'RSA keys of tokens',
    explains: (difference, { token }) =>
      isOnlyThere(difference) && tokenText(token).header['kid'] === 'r1024',
  },
  {
    row: 'members of token headers',
    explains: ({ at }, { token }) => at === 'outcome' && hasOddMembers(tokenText(token)),
  },
  {
    row: 'names of claims',
    explains: ({ at }, { token }) =>
      at === 'outcome' &&
      Object.keys(tokenText(token).claims).some((name) => !CLAIMS.has(name) && CLAIMS.has(folded(name))),
  },
  {
    row: 'times in tokens',
    explains: ({ at, here }) => at === 'outcome' && String(here).endsWith('a time is no number'),
  },
]

/** Whether a header has members that go-jose reads, and we do not, or the other way round. */
export function hasOddMembers({ header }: TokenText): boolean {
  return HEADERS.some((name) => Object.hasOwn(header, name))
}

/** As Go compares names of fields: letters of either case, and two more that are like some. */
function folded(name: string): string {
  return name.toLowerCase().replaceAll('\u{17f}', 's').replaceAll('\u{212a}', 'k')
}

/** How deep lists are in each other, in a payload without brackets in its strings. */
function depthOf(token: string): number {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')
  return Math.max(0, ...(payload.match(/\[+/g) ?? []).map(({ length }) => length))
}
