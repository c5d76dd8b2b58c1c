import { memberOf } from '../objects.ts'
import { type Check, hasMethod, isPlainObject, problemOf, withMethods } from './check.ts'

const hasAuthenticate = kindOf('a request authenticator', 'authenticate')

export const aRequestAuthenticator: Check = (value, path) => {
  const problems = hasAuthenticate(value, path)
  return problems.length > 0 ? problems : schemesIn(value).flatMap((scheme) => aScheme(scheme, path))
}

/** Schemes are written into headers, so they must be HTTP tokens (RFC 9110 section 5.6.2). */
function aScheme(scheme: unknown, path: string): ReturnType<Check> {
  if (typeof scheme === 'string' && /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/.test(scheme)) return []
  return problemOf(
    scheme,
    `${path}.credentials.schemes`,
    'must be HTTP authentication schemes, such as Bearer',
  )
}

function schemesIn(authenticator: unknown): readonly unknown[] {
  const schemes = memberOf(memberOf(authenticator, 'credentials'), 'schemes')
  return Array.isArray(schemes) ? schemes : []
}

export const aTokenAuthenticator: Check = kindOf('a token authenticator', 'authenticateToken')

export const aPasswordAuthenticator: Check = kindOf('a password authenticator', 'authenticatePassword')

/** What takes tokens that are bound to a key. */
export const aDpop: Check = withMethods('what dpop(...) of @kube-authn/core/dpop returns', 'authenticator')

export const anAuthorizer: Check = kindOf('an authorizer', 'authorize')

function kindOf(noun: string, method: string): Check {
  return (value, path) => {
    if (hasMethod(value, method)) return []
    return problemOf(value, path, `must be ${noun}${hint(value, method)}`)
  }
}

/** Names the kind of the value, and how to convert it to the wanted kind. */
function hint(value: unknown, wanted: string): string {
  if (value === undefined) return '; it is undefined: was a promise not awaited?'
  if (typeof value === 'function') return '; this is a function: call it first'
  if (!isPlainObject(value)) return ''
  // A request of Node or Fetch, or the context of Koa or Hono: the first argument if a middleware factory is used as a middleware.
  if (('headers' in value && 'method' in value) || ('req' in value && 'res' in value))
    return '; this is a request: call the middleware first, as in app.use(authentication(authenticator))'
  for (const [method, kind, wrapper] of KINDS) {
    if (!hasMethod(value, method)) continue
    return `; this is ${kind}${wanted === 'authenticate' && wrapper !== '' ? `: wrap it with ${wrapper}(...)` : ''}`
  }
  if (wanted === 'authenticate' && Object.values(value).every((each) => typeof each !== 'function')) {
    return '; these look like options: pass them to createAuthenticator({...}) of @kube-authn/node'
  }
  return `; this has no method "${wanted}"`
}

const KINDS = [
  ['authenticateToken', 'a token authenticator', 'bearerToken'],
  ['authenticatePassword', 'a password authenticator', 'basic'],
  ['authenticate', 'a request authenticator', ''],
  ['authorize', 'an authorizer', ''],
] as const
