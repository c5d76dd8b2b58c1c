// Common alternatives, configured as documented.
import { createPublicKey } from 'node:crypto'
import { auth } from 'express-oauth2-jwt-bearer'
import { expressjwt } from 'express-jwt'
import { basicAuth } from 'hono/basic-auth'
import { bearerAuth } from 'hono/bearer-auth'
import { jwk } from 'hono/jwk'
import { jwt } from 'hono/jwt'
import koaJwt from 'koa-jwt'
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
export const honoBearerAuthToken = (tokens) => bearerAuth({ token: [...tokens.keys()] })
export const honoBasicAuth = () => basicAuth({ username: USERNAME, password: PASSWORD })
export const honoBasicAuthVerify = () =>
  basicAuth({ verifyUser: (username, password) => username === USERNAME && password === PASSWORD })

const checks = { audience: AUDIENCE, issuer: ISSUER }
export const expressJwt = ({ pem }, algorithm) =>
  expressjwt({ secret: createPublicKey(pem), algorithms: [algorithm], ...checks })
export const oauth2JwtBearer = (jwksUri) => auth({ ...checks, jwksUri })
export const koaJwtWithKey = ({ pem }, algorithm) =>
  koaJwt({ secret: createPublicKey(pem), algorithms: [algorithm], ...checks })

const verification = { iss: ISSUER, aud: AUDIENCE }
export async function honoJwt({ jwk: key }, algorithm) {
  const parameters =
    algorithm === 'ES256'
      ? { name: 'ECDSA', namedCurve: 'P-256' }
      : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const secret = await crypto.subtle.importKey('jwk', key, parameters, true, ['verify'])
  return jwt({ secret, alg: algorithm, verification })
}
export const honoJwk = ({ jwk: key }, algorithm) => jwk({ keys: [key], alg: [algorithm], verification })
