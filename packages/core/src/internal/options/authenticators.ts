import { type Check, hasMethod, isPlainObject, problemOf } from './check.ts'

const hasAuthenticate = kindOf('an authenticator of requests', 'authenticate')

/** An authenticator of requests. */
export const aRequestAuthenticator: Check = (value, path) => {
  const problems = hasAuthenticate(value, path)
  return problems.length > 0 ? problems : schemesIn(value).flatMap((scheme) => aScheme(scheme, path))
}

/** A scheme is written into headers, so it must be a token of HTTP (RFC 9110 section 5.6.2). */
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

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/** An authenticator of bearer tokens. */
export const aTokenAuthenticator: Check = kindOf('an authenticator of tokens', 'authenticateToken')

/** An authenticator of passwords. */
export const aPasswordAuthenticator: Check = kindOf('an authenticator of passwords', 'authenticatePassword')

/** An authorizer. */
export const anAuthorizer: Check = kindOf('an authorizer', 'authorize')

function kindOf(noun: string, method: string): Check {
  return (value, path) => {
    if (hasMethod(value, method)) return []
    return problemOf(value, path, `must be ${noun}${hint(value, method)}`)
  }
}

/** What was given instead, and what makes the wanted kind of it. */
function hint(value: unknown, wanted: string): string {
  if (value === undefined) return '; it is undefined: was a promise not awaited?'
  if (typeof value === 'function') return '; this is a function: call it first'
  if (!isPlainObject(value)) return ''
  if (isRequest(value))
    return '; this is a request: call the middleware first, as in app.use(authentication(authenticator))'
  for (const [method, kind, wrapper] of KINDS) {
    if (!hasMethod(value, method)) continue
    return `; this is ${kind}${wanted === 'authenticate' && wrapper !== '' ? `: wrap it with ${wrapper}(...)` : ''}`
  }
  if (wanted === 'authenticate' && isOptions(value)) {
    return '; these look like options: createAuthenticator({...}) of @kube-authn/node makes one of them'
  }
  return `; this has no method "${wanted}"`
}

const KINDS = [
  ['authenticateToken', 'one of tokens', 'bearerToken'],
  ['authenticatePassword', 'one of passwords', 'basic'],
  ['authenticate', 'one of requests', ''],
  ['authorize', 'an authorizer', ''],
] as const

/** A request of Node or Fetch, or the context of Koa or Hono, which a middleware that was not called gets as its first argument. */
function isRequest(value: Readonly<Record<string, unknown>>): boolean {
  return ('headers' in value && 'method' in value) || ('req' in value && 'res' in value)
}

function isOptions(value: Readonly<Record<string, unknown>>): boolean {
  return Object.values(value).every((each) => typeof each !== 'function')
}
