import type { Authentication, AuthenticationRequest, Authenticator, Awaitable } from '@kube-authn/core'
import { ambientCredential } from '@kube-authn/core/adapter'
import { type AuthenticationScheme, isPromiseLike } from '@kube-authn/core/internal'

/** Where the credential is in a request. */
export interface WholeRequestOptions {
  /**
   * The `Authorization` schemes of the strategy. It runs only for these, and they are in `WWW-Authenticate`. Default: none, and `Negotiate` for a
   * strategy named `negotiate`.
   */
  readonly schemes?: readonly AuthenticationScheme[]
  /** The headers of the credential, for example `x-api-key`. The strategy runs if one is present; they are removed after a success. */
  readonly headers?: readonly string[]
}

/** Runs a strategy for a request; `isCredential` returns afterwards whether it saw a credential. */
export type Ask = (req: object, isCredential: () => boolean) => Awaitable<Authentication | undefined>

/**
 * An authenticator that passes the whole request to a strategy.
 *
 * Passport does not distinguish a bad credential from none. With `schemes` or `headers` the strategy only runs for requests that have one of them,
 * and a failure is a rejection. Otherwise a failure is a rejection if the strategy read anything in the request that may be a credential.
 */
export function wholeRequest(
  name: string,
  { schemes = [], headers = [] }: WholeRequestOptions,
  ask: Ask,
): Authenticator {
  const names = headers.map((header) => header.toLowerCase())
  const isRestricted = schemes.length + names.length > 0
  const consumed = { remove: ['authorization', ...names] }
  const accept = (answer: Authentication | undefined): Authentication | undefined =>
    answer === undefined ? undefined : { ...answer, consumed }

  const authenticator: Authenticator = {
    name,
    credentials: { schemes },
    authenticate(request) {
      if (
        isRestricted &&
        !hasScheme(request, schemes) &&
        !names.some((each) => request.headers.first(each) !== undefined)
      ) {
        return undefined
      }
      const { req, wasRead } = strategyRequest(request)
      const answer = ask(req, isRestricted ? () => true : wasRead)
      return isPromiseLike(answer) ? answer.then(accept) : accept(answer)
    },
  }
  // No page can make a browser send these.
  const isOfClient =
    isRestricted &&
    schemes.every((scheme) => scheme.toLowerCase() === 'bearer') &&
    names.every((each) => each !== 'cookie' && each !== 'authorization')
  return isOfClient ? authenticator : ambientCredential(authenticator)
}

function hasScheme({ headers }: AuthenticationRequest, schemes: readonly string[]): boolean {
  const [scheme = ''] = (headers.first('authorization') ?? '').trimStart().split(' ')
  return schemes.some((each) => each.toLowerCase() === scheme.toLowerCase())
}

/**
 * A minimal Express request: `method`, `url`, `originalUrl`, `path`, `query`, `headers`, `get()`, and an empty `socket`. A strategy gets this instead
 * of the framework's request, so it works with every framework, cannot change what the app sees, and finds no credentials in unexpected places such
 * as a body.
 *
 * Headers are joined as in Node, but their values are decoded: `ö` is one character.
 *
 * @returns also whether the strategy has read a present value that may be a credential.
 */
export function strategyRequest(request: AuthenticationRequest): {
  readonly req: object
  readonly wasRead: () => boolean
} {
  let isRead = false
  const read = <T>(value: T): T => {
    isRead = true
    return value
  }
  const headers = {}
  for (const [name, value] of joined(request)) {
    const get = isNoCredential(name) ? () => value : () => read(value)
    // Defined, not assigned, so that `__proto__` is an ordinary name.
    Object.defineProperty(headers, name, { get, enumerable: true, configurable: true })
  }
  const header = (name: string): unknown => {
    const key = name.toLowerCase()
    return Object.hasOwn(headers, key) ? Reflect.get(headers, key) : undefined
  }
  const { path, query: search } = request
  const readSearch = <T>(value: T): T => (search === '' ? value : read(value))
  const url = search === '' ? path : `${path}?${search}`
  return {
    wasRead: () => isRead,
    req: {
      method: request.method,
      headers,
      path,
      get url() {
        return readSearch(url)
      },
      get originalUrl() {
        return readSearch(url)
      },
      get query() {
        return readSearch(queryOf(search))
      },
      get: header,
      header,
      socket: {},
      connection: {},
    },
  }
}

/** Joins repeated headers as Node does; for some only the first counts. */
function joined({ headers }: AuthenticationRequest): ReadonlyMap<string, unknown> {
  const joinedHeaders = new Map<string, unknown>()
  for (const [name, values] of grouped(headers.entries())) {
    if (name === 'set-cookie') joinedHeaders.set(name, values)
    else if (FIRST_ONLY.has(name)) joinedHeaders.set(name, values[0])
    else joinedHeaders.set(name, values.join(name === 'cookie' ? '; ' : ', '))
  }
  return joinedHeaders
}

/** Source: Node `http.IncomingMessage` `headers`. */
const FIRST_ONLY = new Set([
  'age',
  'authorization',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
])

/** Headers of nearly every request that identify no caller. Other `x-forwarded-` headers may: by a user, a token, a certificate. */
function isNoCredential(name: string): boolean {
  return /^(?:accept|accept-.*|cache-control|connection|content-.*|forwarded|host|origin|referer|sec-fetch-.*|user-agent|via|x-forwarded-(?:for|host|port|prefix|proto|server))$/.test(
    name,
  )
}

/**
 * Repeated parameters are a list, as in Express' simple parser. `access_token` is omitted: passport-http-bearer would read it, but tokens in a query
 * end up in logs (RFC 6750 section 5.3).
 */
function queryOf(search: string): object {
  const query = Object.create(null) as Record<string, string | readonly string[] | undefined>
  for (const [name, values] of grouped(new URLSearchParams(search))) {
    if (name === 'access_token') continue
    query[name] = values.length === 1 ? values[0] : values
  }
  return query
}

/** All values by name, in the order of their first occurrence. */
function grouped(
  entries: Iterable<readonly [name: string, value: string]>,
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  for (const [name, value] of entries) {
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [value])
    else group.push(value)
  }
  return groups
}
