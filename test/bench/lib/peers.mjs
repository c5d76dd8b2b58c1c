// Common alternatives, configured as documented.
import { createPublicKey } from 'node:crypto'
import { createServer } from 'node:http'
import fastifyJwt from '@fastify/jwt'
import { auth } from 'express-oauth2-jwt-bearer'
import { expressjwt } from 'express-jwt'
import { createVerifier } from 'fast-jwt'
import { basicAuth } from 'hono/basic-auth'
import { bearerAuth } from 'hono/bearer-auth'
import { jwt } from 'hono/jwt'
import koaJwtMiddleware from 'koa-jwt'
import koaPassport from 'koa-passport'
import passport from 'passport'
import { BasicStrategy } from 'passport-http'
import { Strategy as BearerStrategy } from 'passport-http-bearer'
import { AUDIENCE, ISSUER, PASSWORD, USERNAME } from './material.mjs'

const bearer = (tokens) => new BearerStrategy((token, done) => done(null, tokens.get(token) ?? false))
const basic = () =>
  new BasicStrategy((username, password, done) =>
    done(null, username === USERNAME && password === PASSWORD ? { username } : false),
  )

function ofPassport(Passport, name, strategy) {
  const instance = new Passport()
  instance.use(strategy)
  return instance.authenticate(name, { session: false })
}

export const passportBearer = (tokens) => ofPassport(passport.Passport, 'bearer', bearer(tokens))
export const passportBasic = () => ofPassport(passport.Passport, 'basic', basic())
export const koaPassportBearer = (tokens) => ofPassport(koaPassport.KoaPassport, 'bearer', bearer(tokens))
export const koaPassportBasic = () => ofPassport(koaPassport.KoaPassport, 'basic', basic())

export const honoBearerAuth = (tokens) =>
  bearerAuth({
    verifyToken: (token, c) => {
      const user = tokens.get(token)
      if (user === undefined) return false
      c.set('user', user)
      return true
    },
  })
export const honoBasicAuthVerify = () =>
  basicAuth({ verifyUser: (username, password) => username === USERNAME && password === PASSWORD })

const checks = { audience: AUDIENCE, issuer: ISSUER }
export const expressJwt = ({ pem }, algorithm) =>
  expressjwt({ secret: createPublicKey(pem), algorithms: [algorithm], ...checks })
export const oauth2JwtBearer = async (signed) => auth({ ...checks, jwksUri: await servedKeySet(signed) })
export const koaJwt = ({ pem }, algorithm) =>
  koaJwtMiddleware({ secret: createPublicKey(pem), algorithms: [algorithm], ...checks })

/** The URL of a key set with this key, served for as long as the process lives. */
async function servedKeySet({ jwk }) {
  const server = createServer((_req, res) => {
    res.setHeader('Content-Type', 'application/json')
    res.end(JSON.stringify({ keys: [jwk] }))
  })
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  server.unref()
  return `http://127.0.0.1:${server.address().port}/keys`
}

export async function honoJwt({ jwk: key }, algorithm) {
  const parameters =
    algorithm === 'ES256'
      ? { name: 'ECDSA', namedCurve: 'P-256' }
      : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const secret = await crypto.subtle.importKey('jwk', key, parameters, true, ['verify'])
  return jwt({ secret, alg: algorithm, verification: { iss: ISSUER, aud: AUDIENCE } })
}

const verified = { allowedIss: ISSUER, allowedAud: AUDIENCE }

export const fastifyPlugin = ({ pem }, algorithm, cache) =>
  async function plugin(app) {
    await app.register(fastifyJwt, {
      secret: { public: pem },
      verify: { algorithms: [algorithm], ...verified, cache },
    })
    app.addHook('onRequest', (request) => request.jwtVerify())
  }

/** A few lines by hand around a function that returns the user of an `Authorization` header. */
const byHand = {
  express: (findUser) => (req, res, next) => {
    const user = findUser(req.headers.authorization)
    if (user === undefined) {
      res.statusCode = 401
      res.end()
      return
    }
    req.user = user
    next()
  },
  koa: (findUser) => (ctx, next) => {
    const user = findUser(ctx.headers.authorization)
    if (user === undefined) {
      ctx.status = 401
      return undefined
    }
    ctx.state.user = user
    return next()
  },
  hono: (findUser) => (c, next) => {
    const user = findUser(c.req.header('authorization'))
    if (user === undefined) return c.body(null, 401)
    c.set('user', user)
    return next()
  },
}

const eachFramework = (make) =>
  Object.fromEntries(
    Object.entries(byHand).map(([name, around]) => [name, (...given) => around(make(...given))]),
  )

const bearerOf = (header) => (header?.startsWith('Bearer ') ? header.slice(7) : undefined)

/** A Map of tokens: the least that an app can do. */
export const ownMap = eachFramework((tokens) => (header) => tokens.get(bearerOf(header)))

export const fastJwt = eachFramework(({ pem }, algorithm, cache) => {
  const verify = createVerifier({ key: pem, algorithms: [algorithm], ...verified, cache })
  return (header) => {
    try {
      return verify(bearerOf(header))
    } catch {
      return undefined
    }
  }
})
