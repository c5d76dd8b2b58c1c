// Signed tokens: uncached, with a bad signature, and cached.
import { createServer } from 'node:http'
import { noop, listenerOf, operationOf } from '../lib/apps.mjs'
import {
  expressFloor,
  expressFloorTogether,
  honoFloor,
  koaFloor,
  rememberedJwt,
  verifiedJwt,
} from '../lib/floors.mjs'
import { signedToken, withAuthorization } from '../lib/material.mjs'
import * as peers from '../lib/peers.mjs'
import { base, floor, httpRow, operationRow, ours, peer } from '../lib/row.mjs'
import {
  authentication,
  oidcCachedChain,
  oidcChain,
  serviceAccountCachedChain,
  serviceAccountChain,
} from '../lib/subjects.mjs'

const floorOf = { express: expressFloor, koa: koaFloor, hono: honoFloor }

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

const usual = (algorithm) => ({
  express: {
    'express-jwt(KeyObject)': (signed) => peers.expressJwt(signed, algorithm),
    'express-oauth2-jwt-bearer': async (signed) => peers.oauth2JwtBearer(await servedKeySet(signed)),
  },
  koa: { 'koa-jwt(KeyObject)': (signed) => peers.koaJwtWithKey(signed, algorithm) },
  hono: {
    'jwt(CryptoKey)': (signed) => peers.honoJwt(signed, algorithm),
    'jwk(keys)': (signed) => peers.honoJwk(signed, algorithm),
  },
})

function subjectsOf(framework, algorithm, { chains, floorName, userOf, isBad = false }) {
  const subject = (middlewareOf) => async () => {
    const signed = signedToken(algorithm)
    const middleware = await middlewareOf(signed)
    return operationOf[framework](middleware, [
      withAuthorization(`Bearer ${isBad ? signed.badToken : signed.token}`),
    ])
  }
  return {
    ...(!isBad && { 'no-op': base(subject(() => noop[framework])) }),
    ...Object.fromEntries(
      Object.entries(chains).map(([name, chain]) => [
        name,
        ours(subject(async (signed) => authentication[framework](await chain(signed)))),
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(usual(algorithm)[framework]).map(([name, make]) => [name, peer(subject(make))]),
    ),
    [floorName]: floor(subject((signed) => floorOf[framework](userOf(algorithm, signed.pem)))),
  }
}

const first = {
  chains: { 'kube-authn, OpenID Connect': oidcChain, 'kube-authn, service account': serviceAccountChain },
  floorName: 'crypto.verify',
  userOf: verifiedJwt,
}
const seen = {
  chains: {
    'kube-authn, OpenID Connect': oidcCachedChain,
    'kube-authn, service account': serviceAccountCachedChain,
  },
  floorName: 'digest and Map',
  userOf: rememberedJwt,
}

function overHttp(framework, { chain, floorName, userOf }) {
  const subject = (middlewareOf) => async () => {
    const signed = signedToken('RS256')
    return {
      listener: listenerOf[framework](await middlewareOf(signed)),
      authorization: `Bearer ${signed.token}`,
    }
  }
  return {
    bare: base(subject(() => undefined)),
    'kube-authn': ours(subject((signed) => authentication[framework](chain(signed)))),
    ...Object.fromEntries(
      Object.entries(usual('RS256')[framework]).map(([name, make]) => [name, peer(subject(make))]),
    ),
    [floorName]: floor(subject((signed) => floorOf[framework](userOf('RS256', signed.pem)))),
    ...(framework === 'express' &&
      userOf === verifiedJwt && {
        'crypto.verify and setImmediate': floor(
          subject((signed) => expressFloorTogether(userOf('RS256', signed.pem))),
        ),
      }),
  }
}

const titles = { express: 'Express', koa: 'Koa', hono: 'Hono' }
const frameworks = Object.keys(titles)

export const jwtRows = [
  ...frameworks.flatMap((framework) => [
    operationRow(
      `JWT RS256 first seen, ${titles[framework]}`,
      { target: 33 },
      subjectsOf(framework, 'RS256', first),
    ),
    operationRow(
      `JWT ES256 first seen, ${titles[framework]}`,
      { target: 82 },
      subjectsOf(framework, 'ES256', first),
    ),
    operationRow(
      `JWT seen before, ${titles[framework]}`,
      { target: framework === 'hono' ? 4.5 : 3.5 },
      subjectsOf(framework, 'RS256', seen),
    ),
  ]),
  operationRow(
    'JWT, bad signature, Express',
    { target: 40, status: 401 },
    subjectsOf('express', 'RS256', { ...first, isBad: true }),
  ),
  ...frameworks.map((framework) =>
    httpRow(
      `HTTP, JWT seen before, ${titles[framework]}`,
      { target: { express: 0.85, koa: 0.7, hono: 0.6 }[framework] },
      overHttp(framework, { ...seen, chain: oidcCachedChain }),
    ),
  ),
  ...frameworks.map((framework) =>
    httpRow(
      `HTTP, JWT first seen, ${titles[framework]}`,
      { target: { express: 0.68 }[framework] },
      overHttp(framework, { ...first, chain: oidcChain }),
    ),
  ),
]
