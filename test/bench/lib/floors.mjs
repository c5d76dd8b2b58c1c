// Hand-written lower bounds: the minimum cost of the same work. They have no options, errors or challenges, and are not usable products.
import { createPublicKey, hash, randomBytes, verify } from 'node:crypto'
import { AUDIENCE, ISSUER } from './material.mjs'

const bearerOf = (header) =>
  typeof header === 'string' && header.startsWith('Bearer ') ? header.slice(7) : undefined

/** The user of a bearer token, by the token itself. */
export function plainMap(tokens) {
  return (header) => tokens.get(bearerOf(header))
}

const digest = (text) => hash('sha256', text, 'latin1')

/** The user of a bearer token, by its digest. */
export function hashedMap(tokens) {
  const users = new Map([...tokens].map(([token, user]) => [digest(token), user]))
  return (header) => {
    const token = bearerOf(header)
    return token === undefined ? undefined : users.get(digest(token))
  }
}

/** A digest with a secret key. Different strings have different digests, also those with lone surrogates. */
function keyedDigest() {
  const key = `${randomBytes(16).toString('base64url')}=`
  return (text) =>
    hash('sha256', text.isWellFormed() ? key + text : Buffer.from(`!${key}${text}`, 'utf16le'), 'latin1')
}

/** The user by a digest with a secret key: the scheme in any case, white space around it, UTF-8, and a limit of the length. */
export function keyedMap(tokens) {
  const keyed = keyedDigest()
  const users = new Map([...tokens].map(([token, user]) => [keyed(token), user]))
  return (header) => {
    const token = strictBearerOf(decoded(header))
    return token === undefined ? undefined : users.get(keyed(token))
  }
}

/** Node decodes headers as Latin-1; they are UTF-8. */
function decoded(header) {
  return NON_ASCII.test(header) ? Buffer.from(header, 'latin1').utf8Slice() : header
}

const NON_ASCII = /[^\0-\x7f]/

function strictBearerOf(header) {
  const value =
    header.charCodeAt(0) > 0x20 && header.charCodeAt(header.length - 1) > 0x20 ? header : header.trim()
  if (!hasScheme(value, 'bearer')) return undefined
  const end = value.indexOf(' ', 7)
  const token = end === -1 ? value.slice(7) : value.slice(7, end)
  return token === '' || token.length > MAX_TOKEN_LENGTH ? undefined : token
}

const MAX_TOKEN_LENGTH = 65_536

function hasScheme(value, scheme) {
  if (value.length <= scheme.length || value.charCodeAt(scheme.length) !== 0x20) return false
  for (let index = 0; index < scheme.length; index++)
    if ((value.charCodeAt(index) | 0x20) !== scheme.charCodeAt(index)) return false
  return true
}

export function plainBasic(username, password) {
  const wanted = digest(`${username}:${password}`)
  return (header) => {
    if (typeof header !== 'string' || !header.startsWith('Basic ')) return undefined
    return digest(Buffer.from(header.slice(6), 'base64').toString()) === wanted ? { username } : undefined
  }
}

/** The same with strict base64, and digests of passwords with a secret key, compared in constant time: with some password if the user is unknown. */
export function keyedBasic(username, password) {
  const keyed = keyedDigest()
  const users = new Map([[username, { user: { username }, wanted: keyed(password) }]])
  const other = { user: undefined, wanted: keyed('') }
  return (header) => {
    if (!hasScheme(header, 'basic') || header.length > 8192) return undefined
    const encoded = header.slice(6)
    if (encoded.length % 4 > 0 || !BASE64.test(encoded)) return undefined
    const latin1 = atob(encoded)
    const colon = latin1.indexOf(':')
    if (colon === -1) return undefined
    const { user, wanted } = users.get(decoded(latin1.slice(0, colon))) ?? other
    return isSame(keyed(decoded(latin1.slice(colon + 1))), wanted) ? user : undefined
  }
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

function isSame(one, other) {
  let difference = one.length ^ other.length
  for (let index = 0; index < one.length; index++)
    difference |= one.charCodeAt(index) ^ other.charCodeAt(index)
  return difference === 0
}

/** The user of a JWT: split, parsed, checked and verified in one go. */
export function verifiedJwt(algorithm, pem) {
  const key = createPublicKey(pem)
  const verifier = algorithm === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key
  const parsed = (part) => JSON.parse(Buffer.from(part, 'base64url').toString())
  return (header) => {
    const token = bearerOf(header)
    if (token === undefined) return undefined
    const first = token.indexOf('.')
    const second = token.indexOf('.', first + 1)
    if (parsed(token.slice(0, first)).alg !== algorithm) return undefined
    const claims = parsed(token.slice(first + 1, second))
    const nowSeconds = Date.now() / 1000
    if (claims.iss !== ISSUER || !claims.aud.includes(AUDIENCE) || claims.exp <= nowSeconds) return undefined
    const isSigned = verify(
      'sha256',
      Buffer.from(token.slice(0, second)),
      verifier,
      Buffer.from(token.slice(second + 1), 'base64url'),
    )
    return isSigned ? { username: claims.sub } : undefined
  }
}

/** The same, cached for ten seconds by a digest. */
export function rememberedJwt(algorithm, pem) {
  const verifyHeader = verifiedJwt(algorithm, pem)
  const remembered = new Map()
  return (header) => {
    if (typeof header !== 'string') return undefined
    const key = digest(header)
    const known = remembered.get(key)
    if (known !== undefined && known.until > Date.now()) return known.user
    const user = verifyHeader(header)
    if (user !== undefined) remembered.set(key, { user, until: Date.now() + 10_000 })
    return user
  }
}

export function expressFloor(userOf) {
  return (req, res, next) => {
    const user = userOf(req.headers.authorization)
    if (user === undefined) {
      res.statusCode = 401
      res.setHeader('WWW-Authenticate', 'Bearer')
      res.end('Unauthorized')
      return
    }
    req.user = user
    next()
  }
}

/** The same, but requests that arrived together are answered together. */
export function expressFloorTogether(userOf) {
  const answer = expressFloor(userOf)
  return (req, res, next) => {
    answer(req, res, () => {
      setImmediate(() => next())
    })
  }
}

/** Returns the given object, so that a derived class adds its private field to it. */
function Given(object) {
  return object
}

/** The state of a request, in a private field: a property that is not enumerable costs more. */
class State extends Given {
  /**
   * @type {object | undefined}
   * @readonly
   */
  #user
  constructor(request, user) {
    super(request)
    this.#user = user
  }
  static of(request) {
    return #user in request ? request.#user : undefined
  }
  static keep(request, user) {
    return new State(request, user)
  }
}

/** A refusal that an app may handle instead, without a stack trace. */
class StatusError extends Error {
  status = 401
  headers = {
    'content-type': 'application/json',
    'cache-control': 'no-cache, private',
    'www-authenticate': 'Bearer realm="kubernetes-master", error="invalid_token"',
  }
  content = UNAUTHORIZED
  constructor() {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super('Unauthorized')
    Error.stackTraceLimit = stackTraceLimit
  }
}

const UNAUTHORIZED = JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 401 })

/** Where Node keeps how many elements of `rawHeaders` it reads, when it makes `headersDistinct`. `undefined` for requests that are not Node's. */
let count
let isKnown = false

function countOf(req) {
  if (!isKnown) {
    count = Object.getOwnPropertySymbols(req).find(({ description }) => description === 'kHeadersCount')
    isKnown = true
  }
  return count
}

/**
 * Additional work of kube-authn: only the first credential counts, if the app has not deleted it; it is removed, and so are the headers of a front
 * proxy; a request that wants to impersonate is refused; the state is kept where copies of the request do not have it.
 *
 * @param kept what the state is kept on.
 */
function withDuties(req, userOf, kept = req) {
  const caller = callerOf(req, userOf)
  if (caller === undefined || caller.wantsToImpersonate) return undefined
  const { user } = caller
  if (State.of(kept) === undefined) State.keep(kept, { user })
  return user
}

function callerOf(req, userOf) {
  const { rawHeaders } = req
  if (isCut(req)) return undefined
  let found = -1
  let isLast = true
  let wantsToImpersonate = false
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    const first = name.charCodeAt(0) | 0x20
    if (first === A && name.length === 13 && name.toLowerCase() === 'authorization') {
      if (found === -1) found = index
      else isLast = false
    } else if (first === I) {
      // With hyphens or, for apps that read headers as CGI does, with underscores.
      if (/^impersonate[-_]/i.test(name)) wantsToImpersonate = true
    } else if (first === X) {
      if (/^x[-_]remote[-_]/i.test(name)) isLast = false
    } else if (first === T && name.length === 17 && name.toLowerCase() === 'transfer-encoding') isLast = false
  }
  if (found === -1) return undefined
  // Node creates them from `rawHeaders` on first read.
  const { headers } = req
  const user = headers.authorization === undefined ? undefined : userOf(rawHeaders[found + 1])
  if (isLast) {
    rawHeaders.splice(found, 2)
    delete headers.authorization
  } else removeAll(rawHeaders, headers)
  const counted = countOf(req)
  if (counted !== undefined) req[counted] = rawHeaders.length
  return user === undefined ? undefined : { user, wantsToImpersonate }
}

const [A, I, T, X] = ['a', 'i', 't', 'x'].map((letter) => letter.charCodeAt(0))

/** Whether Node may have dropped headers: an `Impersonate-User` may be among them. */
function isCut({ rawHeaders, socket }) {
  const parsed = socket.parser?.maxHeaderPairs ?? 0
  const limit = socket.server?.maxHeadersCount
  const served = typeof limit === 'number' ? limit << 1 : 2000
  return (parsed > 0 && rawHeaders.length >= parsed) || (served > 0 && rawHeaders.length >= served)
}

function removeAll(rawHeaders, headers) {
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    const name = rawHeaders[index].toLowerCase()
    if (name !== 'authorization' && !name.startsWith('x-remote-')) continue
    rawHeaders.splice(index, 2)
    delete headers[name]
  }
}

export function expressFloorWithDuties(userOf) {
  return (req, res, next) => {
    const user = withDuties(req, userOf)
    if (user === undefined) {
      const error = new StatusError()
      res.statusCode = 401
      for (const name of Object.keys(error.headers)) res.setHeader(name, error.headers[name])
      res.end(error.content)
      return
    }
    req.user = user
    next()
  }
}

export function koaFloorWithDuties(userOf) {
  return (ctx, next) => {
    const user = withDuties(ctx.req, userOf)
    if (user === undefined) {
      const error = new StatusError()
      ctx.status = 401
      ctx.set(error.headers)
      ctx.body = error.content
      return Promise.resolve()
    }
    ctx.state.user = user
    return next()
  }
}

/** The credential is taken from Node's request, before a Fetch request is made of it. */
export function honoFloorWithDuties(userOf) {
  return (c, next) => {
    const user = withDuties(c.env.incoming, userOf, c)
    if (user === undefined) {
      const { status, headers, content } = new StatusError()
      return new Response(content, { status, headers })
    }
    c.set('user', user)
    return next()
  }
}

/**
 * A bearer token, and after that a user and groups of headers, each of which the caller must be allowed to impersonate. The app sees the user, and
 * neither the headers nor the caller.
 */
export function expressImpersonationFloor(userOf, isAllowed) {
  return (req, res, next) => {
    const caller = callerOf(req, userOf)
    const user = caller === undefined ? undefined : impersonated(req, caller.user, isAllowed)
    if (user === undefined) {
      res.statusCode = 403
      res.end()
      return
    }
    State.keep(req, { user, requester: caller.user })
    req.user = user
    next()
  }
}

function impersonated(req, requester, isAllowed) {
  const { rawHeaders, headers } = req
  let username
  const groups = []
  let kept = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    const lowerCase = (name.charCodeAt(0) | 0x20) === I ? name.toLowerCase() : ''
    if (lowerCase === 'impersonate-user') username = rawHeaders[index + 1]
    else if (lowerCase === 'impersonate-group') groups.push(rawHeaders[index + 1])
    else {
      rawHeaders[kept++] = name
      rawHeaders[kept++] = rawHeaders[index + 1]
      continue
    }
    delete headers[lowerCase]
  }
  while (rawHeaders.length > kept) rawHeaders.pop()
  if (username === undefined || !isAllowed(requester, { resource: 'users', name: username })) return undefined
  for (const name of groups) if (!isAllowed(requester, { resource: 'groups', name })) return undefined
  groups.push('system:authenticated')
  return Object.freeze({ username, uid: '', groups: Object.freeze(groups), extra: NO_EXTRA })
}

const NO_EXTRA = Object.freeze(Object.create(null))

export function koaFloor(userOf) {
  return (ctx, next) => {
    const user = userOf(ctx.req.headers.authorization)
    if (user === undefined) {
      ctx.status = 401
      ctx.set('WWW-Authenticate', 'Bearer')
      ctx.body = 'Unauthorized'
      return Promise.resolve()
    }
    ctx.state.user = user
    return next()
  }
}

export function honoFloor(userOf) {
  return async (c, next) => {
    const user = userOf(c.req.raw.headers.get('authorization') ?? undefined)
    if (user === undefined) return c.text('Unauthorized', 401, { 'WWW-Authenticate': 'Bearer' })
    c.set('user', user)
    await next()
  }
}
