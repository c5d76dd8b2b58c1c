// Bearer tokens of a token file, and unknown tokens.
import { noop, listenerOf, operationOf } from '../lib/apps.mjs'
import { nodeMiddleware } from '../lib/drivers.mjs'
import {
  expressFloor,
  expressFloorWithDuties,
  hashedMap,
  honoFloor,
  honoFloorWithDuties,
  keyedMap,
  koaFloor,
  koaFloorWithDuties,
  plainMap,
} from '../lib/floors.mjs'
import { randomTokens, withAuthorization } from '../lib/material.mjs'
import * as peers from '../lib/peers.mjs'
import { base, floor, httpRow, operationRow, ours, peer } from '../lib/row.mjs'
import { authentication, tokenChain } from '../lib/subjects.mjs'

const floorOf = { express: expressFloor, koa: koaFloor, hono: honoFloor }
const floorWithDutiesOf = {
  express: expressFloorWithDuties,
  koa: koaFloorWithDuties,
  hono: honoFloorWithDuties,
}
const WRONG = 'A'.repeat(32)

/** Tokens, and requests that carry some of them in turns. */
function material(count) {
  const tokens = randomTokens(count)
  const sent = [...tokens.keys()].slice(0, 8192)
  return { tokens, headerSets: sent.map((token) => withAuthorization(`Bearer ${token}`)) }
}

const subjectsOf = (framework, count, usual) => {
  const subject = (middlewareOf) => () => {
    const { tokens, headerSets } = material(count)
    return operationOf[framework](middlewareOf(tokens), headerSets)
  }
  return {
    'no-op': base(subject(() => noop[framework])),
    'kube-authn': ours(subject((tokens) => authentication[framework](tokenChain(tokens)))),
    ...Object.fromEntries(Object.entries(usual).map(([name, make]) => [name, peer(subject(make))])),
    'own Map': peer(subject((tokens) => floorOf[framework](plainMap(tokens)))),
    'hashed Map': floor(subject((tokens) => floorOf[framework](hashedMap(tokens)))),
    'same duties': floor(subject((tokens) => floorWithDutiesOf[framework](keyedMap(tokens)))),
  }
}

const wrongOf = (framework, usual) => {
  const subject = (middlewareOf) => () =>
    operationOf[framework](middlewareOf(randomTokens(1)), [withAuthorization(`Bearer ${WRONG}`)])
  return {
    'kube-authn': ours(subject((tokens) => authentication[framework](tokenChain(tokens)))),
    ...Object.fromEntries(Object.entries(usual).map(([name, make]) => [name, peer(subject(make))])),
    'hashed Map': floor(subject((tokens) => floorOf[framework](hashedMap(tokens)))),
    'same duties': floor(subject((tokens) => floorWithDutiesOf[framework](keyedMap(tokens)))),
  }
}

const overHttp = (framework, usual) => {
  const subject = (middlewareOf) => () => {
    const tokens = randomTokens(100_000)
    const [token] = [...tokens.keys()].slice(50_000)
    return { listener: listenerOf[framework](middlewareOf(tokens)), authorization: `Bearer ${token}` }
  }
  return {
    bare: base(subject(() => undefined)),
    'kube-authn': ours(subject((tokens) => authentication[framework](tokenChain(tokens)))),
    ...Object.fromEntries(Object.entries(usual).map(([name, make]) => [name, peer(subject(make))])),
    'own Map': peer(subject((tokens) => floorOf[framework](plainMap(tokens)))),
    'hashed Map': floor(subject((tokens) => floorOf[framework](hashedMap(tokens)))),
    'same duties': floor(subject((tokens) => floorWithDutiesOf[framework](keyedMap(tokens)))),
  }
}

const usual = {
  express: { 'passport-http-bearer': peers.passportBearer },
  koa: { 'koa-passport': peers.koaPassportBearer },
  hono: { 'bearerAuth(verifyToken)': peers.honoBearerAuth },
}
// Its time grows with the number of tokens: 9 ms at 1,000.
const usualOfOne = { ...usual, hono: { ...usual.hono, 'bearerAuth(token)': peers.honoBearerAuthToken } }

function nodeSubjects(count) {
  const subject = (middlewareOf) => () => {
    const { tokens, headerSets } = material(count)
    return nodeMiddleware(middlewareOf(tokens), headerSets)
  }
  return {
    'no-op': base(subject(() => noop.express)),
    'kube-authn': ours(subject((tokens) => authentication.express(tokenChain(tokens)))),
    'passport-http-bearer': peer(subject(peers.passportBearer)),
    'hashed Map': floor(subject((tokens) => expressFloor(hashedMap(tokens)))),
    'same duties': floor(subject((tokens) => expressFloorWithDuties(keyedMap(tokens)))),
  }
}

export const bearerRows = [
  operationRow('bearer, 1 token, Express', { target: 0.9 }, subjectsOf('express', 1, usualOfOne.express)),
  operationRow(
    'bearer, 100,000 tokens, Express',
    { target: 1.5 },
    subjectsOf('express', 100_000, usual.express),
  ),
  operationRow(
    'bearer, 1 token, Express, with IncomingMessage',
    { target: 'passport-http-bearer' },
    nodeSubjects(1),
  ),
  operationRow('bearer, 1 token, Koa', { target: 0.9 }, subjectsOf('koa', 1, usualOfOne.koa)),
  operationRow('bearer, 1 token, Hono', { target: 1.6 }, subjectsOf('hono', 1, usualOfOne.hono)),
  operationRow('wrong token, Express', { target: 1.5, status: 401 }, wrongOf('express', usual.express)),
  operationRow('wrong token, Koa', { target: 3, status: 401 }, wrongOf('koa', usual.koa)),
  operationRow('wrong token, Hono', { target: 3, status: 401 }, wrongOf('hono', usual.hono)),
  httpRow('HTTP, bearer, Express', { target: 0.86 }, overHttp('express', usual.express)),
  httpRow('HTTP, bearer, Koa', { target: 0.85 }, overHttp('koa', usual.koa)),
  httpRow('HTTP, bearer, Hono', { target: 0.8 }, overHttp('hono', usual.hono)),
]
