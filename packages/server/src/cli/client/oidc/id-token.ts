import { isObject, memberOf } from '@kube-authn/core/internal'
import { isToken } from '@kube-authn/node/internal'
import { Failure } from '../../failure.ts'

/** A token that expires on its way would be refused. */
const EARLY_MS = 10_000

/**
 * Whether an ID token is valid for more than ten seconds. Its signature is not checked: that is for the server.
 *
 * Source: client-go `plugin/pkg/client/auth/oidc/oidc.go` (idTokenExpired), also of the messages.
 *
 * @throws {Failure} if it is malformed.
 */
export function isFreshIdToken(idToken: string, nowMs: number): boolean {
  const [, payload = '', ...rest] = idToken.split('.')
  if (rest.length !== 1 || !isToken(idToken)) throw new Failure('ID Token is not a valid JWT')
  return nowMs + EARLY_MS < expiryIn(payload) * 1000
}

/** In seconds; `-Infinity` if there is none. */
function expiryIn(payload: string): number {
  if (!/^[\w-]*$/.test(payload) || payload.length % 4 === 1) {
    throw new Failure('ID Token is not a valid JWT: illegal base64 data')
  }
  const claims = parsed(Buffer.from(payload, 'base64url').toString('utf8'))
  if (claims !== null && !isObject(claims)) throw new Failure('parsing claims: they must be an object')
  if (claims === null || !Object.hasOwn(claims, 'exp')) return -Infinity
  const exp = memberOf(claims, 'exp')
  // A string is taken too, if it is a number of JSON.
  const text = typeof exp === 'string' ? exp : typeof exp === 'number' ? String(exp) : ''
  const seconds = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN
  if (!Number.isFinite(seconds)) throw new Failure('parsing claims: exp must be a number')
  return Math.trunc(seconds)
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new Failure('parsing claims: they are not JSON')
  }
}
