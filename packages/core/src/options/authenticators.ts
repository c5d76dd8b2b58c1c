import { type Check, hasMethod, problemOf } from './check.ts'

/** An authenticator of requests. */
export const aRequestAuthenticator: Check = authenticatorOf('requests', 'authenticate')

/** An authenticator of bearer tokens. */
export const aTokenAuthenticator: Check = authenticatorOf('tokens', 'authenticateToken')

/** An authenticator of passwords. */
export const aPasswordAuthenticator: Check = authenticatorOf('passwords', 'authenticatePassword')

function authenticatorOf(kind: 'requests' | 'tokens' | 'passwords', method: string): Check {
  return (value, path) => {
    if (hasMethod(value, method)) return []
    return problemOf(value, path, `must be an authenticator of ${kind}${hint(value, kind, method)}`)
  }
}

/** What to do with a value that is something else, so that it becomes an authenticator of this kind. */
function hint(value: unknown, kind: string, method: string): string {
  if (typeof value === 'function') return '; this is a function: call it first'
  const wrap = kind === 'requests'
  if (hasMethod(value, 'authenticateToken'))
    return `; this is one of tokens${wrap ? ': wrap it with bearerToken(...)' : ''}`
  if (hasMethod(value, 'authenticatePassword'))
    return `; this is one of passwords${wrap ? ': wrap it with basic(...)' : ''}`
  if (hasMethod(value, 'authenticate')) return '; this is one of requests'
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? `; this has no method "${method}"`
    : ''
}
