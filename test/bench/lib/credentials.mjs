// The credentials of the rows about requests: what a client sends, the chain of kube-authn that accepts it, and the middlewares of others that do.
import { authenticatorChain } from '@kube-authn/core'
import { cached } from '@kube-authn/core/remote'
import { revocationList, unlessRevoked } from '@kube-authn/core/revocation'
import { cookieSessions, webLogin } from '@kube-authn/login'
import { AUDIENCE, basicHeader, ISSUER, randomTokens, signedToken } from './material.mjs'
import * as peers from './peers.mjs'
import { oidcCachedChain, oidcChain, oidcTokens, passwordChain, tokenChain } from './subjects.mjs'

/**
 * @typedef {{
 *   material: () => unknown,
 *   headers: (material: any) => readonly (readonly [name: string, value: string])[],
 *   chain: (material: any) => unknown,
 *   peers: Record<string, Record<string, (material: any) => unknown>>,
 * }} Credential The headers of requests are sent in turns.
 */

const authorization = (value) => ['Authorization', value]

const bearerPeers = {
  express: { 'passport-http-bearer': peers.passportBearer, 'own Map': peers.ownMap.express },
  koa: { 'koa-passport': peers.koaPassportBearer, 'own Map': peers.ownMap.koa },
  hono: { 'bearerAuth(verifyToken)': peers.honoBearerAuth, 'own Map': peers.ownMap.hono },
  fastify: {},
}

/** A token of a token file with as many rows. @type {(count: number) => Credential} */
export const knownBearer = (count) => ({
  material: () => randomTokens(count),
  headers: (tokens) => [...tokens.keys()].slice(0, 8192).map((token) => authorization(`Bearer ${token}`)),
  chain: tokenChain,
  peers: bearerPeers,
})

/** @type {Credential} */
export const unknownBearer = {
  ...knownBearer(1),
  headers: () => [authorization(`Bearer ${'A'.repeat(32)}`)],
}

/** @type {Credential} */
export const password = {
  material: () => undefined,
  headers: () => [authorization(basicHeader)],
  chain: passwordChain,
  peers: {
    express: { 'passport-http': peers.passportBasic },
    koa: { 'koa-passport': peers.koaPassportBasic },
    hono: { 'basicAuth(verifyUser)': peers.honoBasicAuthVerify },
  },
}

const jwt = (algorithm, chain, others) => ({
  material: () => signedToken(algorithm),
  headers: ({ token }) => [authorization(`Bearer ${token}`)],
  chain,
  peers: others(algorithm),
})

const verifying = (algorithm) => ({
  express: {
    'express-jwt': (signed) => peers.expressJwt(signed, algorithm),
    'express-oauth2-jwt-bearer': peers.oauth2JwtBearer,
    'fast-jwt': (signed) => peers.fastJwt.express(signed, algorithm, false),
  },
  koa: { 'koa-jwt': (signed) => peers.koaJwt(signed, algorithm) },
  hono: { 'jwt(CryptoKey)': (signed) => peers.honoJwt(signed, algorithm) },
  fastify: { '@fastify/jwt': (signed) => peers.fastifyPlugin(signed, algorithm, false) },
})

const remembering = (algorithm) => ({
  express: { 'fast-jwt, cache: true': (signed) => peers.fastJwt.express(signed, algorithm, true) },
  koa: { 'fast-jwt, cache: true': (signed) => peers.fastJwt.koa(signed, algorithm, true) },
  hono: { 'fast-jwt, cache: true': (signed) => peers.fastJwt.hono(signed, algorithm, true) },
  fastify: { '@fastify/jwt, cache: true': (signed) => peers.fastifyPlugin(signed, algorithm, true) },
})

/** A JWT whose signature is verified for each request, as that of the first one is. @type {(algorithm: string) => Credential} */
export const firstJwt = (algorithm) => jwt(algorithm, oidcChain, verifying)
/** A JWT that was seen before, where the middleware remembers it. @type {Credential} */
export const seenJwt = jwt('RS256', oidcCachedChain, remembering)

/** The same with a list of 100,000 revocations, a third of them of each kind. @type {Credential} */
export const seenJwtWithRevocations = {
  ...seenJwt,
  chain(signed) {
    const list = revocationList()
    const expiresAtMs = Date.now() + 86_400_000
    for (let index = 0; index < 100_000; index++) {
      const named = [
        { user: `revoked-${index}` },
        { credentialId: `JTI=revoked-${index}` },
        { tokenSha256: index.toString(16).padStart(64, '0') },
      ][index % 3]
      list.set(String(index), { ...named, expiresAtMs })
    }
    return unlessRevoked(list, oidcCachedChain(signed))
  },
  peers: {},
}

/** The session of a login in a browser, in a sealed cookie. @type {Credential} */
export const sessionCookie = {
  async material() {
    const keys = ['k9Sx3mQv7ZtR0pLbW2cYd8uEhJf5oNaG1iKlM4qTsVw']
    const signed = signedToken('RS256', { aud: AUDIENCE })
    const sessions = cookieSessions({ keys })
    const content = {
      provider: 'default',
      idToken: signed.token,
      expiresAtMs: Date.now() + 86_400_000,
      subject: 'jane',
      username: 'jane',
    }
    const { setCookies } = await sessions.begin(content)
    const cookie = setCookies
      .filter((line) => !line.includes('Max-Age=0'))
      .map((line) => line.slice(0, line.indexOf(';')))
    return { keys, signed, sessions, cookie: cookie.join('; ') }
  },
  headers: ({ cookie }) => [['Cookie', cookie]],
  chain({ keys, signed, sessions }) {
    const tokens = [cached(oidcTokens(signed))]
    const publicUrl = 'https://app.example.com'
    const login = webLogin({ issuer: ISSUER, clientId: AUDIENCE, publicUrl, tokens, keys, sessions })
    return authenticatorChain({ requests: [login.authenticator], tokens })
  },
  peers: {},
}
