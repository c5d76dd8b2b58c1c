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

/** The same, by a digest with a secret key. */
export function keyedMap(tokens) {
  const key = randomBytes(32).toString('base64url')
  const keyed = (token) => hash('sha256', `${key}=${token}`, 'latin1')
  const users = new Map([...tokens].map(([token, user]) => [keyed(token), user]))
  return (header) => {
    const token = bearerOf(header)
    return token === undefined ? undefined : users.get(keyed(token))
  }
}

export function plainBasic(username, password) {
  const wanted = digest(`${username}:${password}`)
  return (header) => {
    if (typeof header !== 'string' || !header.startsWith('Basic ')) return undefined
    return digest(Buffer.from(header.slice(6), 'base64').toString()) === wanted ? { username } : undefined
  }
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

/** Additional work of kube-authn: only the first credential counts, it is removed, and the state of a request is not copied. */
function withDuties(req, userOf) {
  const { rawHeaders } = req
  let found = -1
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name.length === 13 && found === -1 && name.toLowerCase() === 'authorization') found = index
    else if ((name.charCodeAt(0) | 0x20) === 0x69 && name.toLowerCase().startsWith('impersonate-'))
      return undefined
  }
  if (found === -1) return undefined
  const user = userOf(rawHeaders[found + 1])
  // Node creates them from `rawHeaders` on first read.
  const { headers } = req
  rawHeaders.splice(found, 2)
  delete headers.authorization
  if (user === undefined) return undefined
  if (State.of(req) === undefined) State.keep(req, { user })
  return user
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
