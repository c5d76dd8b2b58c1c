// Requests: in process with a request of Node's own class, and over HTTP in front of a real app.
import { noop, operationOf, realApp } from '../lib/apps.mjs'
import * as credentials from '../lib/credentials.mjs'
import { rawHeaders } from '../lib/material.mjs'
import { base, httpRow, operationRow, ours, peer } from '../lib/row.mjs'
import { authentication } from '../lib/subjects.mjs'

const TITLES = { express: 'Express', koa: 'Koa', hono: 'Hono', fastify: 'Fastify' }

/** @param use makes a subject of a middleware and the headers of its requests. */
function subjectsOf(framework, { material, headers, chain, peers }, use) {
  const subject = (middlewareOf) => async () => {
    const made = await material()
    return use(await middlewareOf(made), headers(made))
  }
  return {
    'kube-authn': ours(subject(async (made) => authentication[framework](await chain(made)))),
    ...Object.fromEntries(
      Object.entries(peers[framework] ?? {}).map(([name, make]) => [name, peer(subject(make))]),
    ),
    base: base(subject(() => undefined)),
  }
}

function inProcess(title, framework, credential, options) {
  // The other one reads members that requests have in an app of Express only.
  const {
    base: nothing,
    'express-oauth2-jwt-bearer': _,
    ...others
  } = subjectsOf(framework, credential, (middleware, headers) =>
    operationOf[framework](
      middleware ?? noop[framework],
      headers.map((pair) => rawHeaders(...pair)),
    ),
  )
  const isRefused = options.status !== undefined
  return operationRow(`${title}, ${TITLES[framework]}`, options, {
    // A middleware that does nothing refuses nothing.
    ...(!isRefused && { 'no-op': nothing }),
    ...others,
  })
}

function overHttp(title, framework, credential, options = {}) {
  const { base: bare, ...others } = subjectsOf(framework, credential, async (middleware, [header]) => ({
    listener: await realApp[framework](middleware),
    header,
  }))
  return httpRow(`HTTP, ${title}, ${TITLES[framework]}`, options, { bare, ...others })
}

const { firstJwt, knownBearer, password, seenJwt, seenJwtWithRevocations, sessionCookie, unknownBearer } =
  credentials

export const requestRows = [
  inProcess('known bearer token', 'express', knownBearer(1), { target: 3.5 }),
  inProcess('known bearer token', 'koa', knownBearer(1), {}),
  inProcess('known bearer token', 'hono', knownBearer(1), {}),
  inProcess('unknown bearer token', 'express', unknownBearer, { status: 401 }),
  inProcess('Basic', 'express', password, {}),
  inProcess('JWT RS256 first seen', 'express', firstJwt('RS256'), { target: 'best peer' }),
  inProcess('JWT ES256 first seen', 'express', firstJwt('ES256'), { target: 'best peer' }),
  inProcess('JWT seen before', 'express', seenJwt, { target: 'best peer' }),
  inProcess('JWT seen before, 100,000 revocations', 'express', seenJwtWithRevocations, {}),
  inProcess('session cookie', 'express', sessionCookie, {}),
  overHttp('known bearer token', 'express', knownBearer(100_000)),
  overHttp('known bearer token', 'koa', knownBearer(100_000)),
  overHttp('known bearer token', 'hono', knownBearer(100_000), { target: 0.75 }),
  overHttp('JWT first seen', 'express', firstJwt('RS256'), { target: 'best peer' }),
  overHttp('JWT first seen', 'fastify', firstJwt('RS256'), { target: 'best peer' }),
  overHttp('JWT seen before', 'express', seenJwt, { target: 'best peer' }),
  overHttp('JWT seen before', 'koa', seenJwt, { target: 'best peer' }),
  overHttp('JWT seen before', 'hono', seenJwt, { target: 'best peer' }),
  overHttp('JWT seen before', 'fastify', seenJwt, { target: 'best peer' }),
  overHttp('session cookie', 'express', sessionCookie),
]
