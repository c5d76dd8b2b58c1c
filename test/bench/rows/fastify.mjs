// Fastify has no adapter of its own: the middleware of Express runs there by @fastify/middie, beside Fastify's own plugin.
import fastifyJwt from '@fastify/jwt'
import middie from '@fastify/middie'
import fastify from 'fastify'
import { expressFloor, rememberedJwt } from '../lib/floors.mjs'
import { AUDIENCE, ISSUER, signedToken } from '../lib/material.mjs'
import { base, floor, httpRow, ours, peer } from '../lib/row.mjs'
import { authentication, oidcCachedChain, oidcChain } from '../lib/subjects.mjs'

const subject = (prepare) => async () => {
  const signed = signedToken('RS256')
  const app = fastify()
  await prepare(app, signed)
  app.get('/', () => 'ok')
  await app.ready()
  return { listener: (req, res) => app.routing(req, res), authorization: `Bearer ${signed.token}` }
}

const withMiddleware = (middlewareOf) =>
  subject(async (app, signed) => {
    await app.register(middie)
    app.use(middlewareOf(signed))
  })

const withPlugin = subject(async (app, { pem }) => {
  await app.register(fastifyJwt, {
    secret: { public: pem },
    verify: { algorithms: ['RS256'], allowedIss: ISSUER, allowedAud: AUDIENCE },
  })
  app.addHook('onRequest', (request) => request.jwtVerify())
})

const subjectsOf = (chain) => ({
  bare: base(subject(() => {})),
  'kube-authn': ours(withMiddleware((signed) => authentication.express(chain(signed)))),
  '@fastify/jwt': peer(withPlugin),
  'digest and Map': floor(withMiddleware(({ pem }) => expressFloor(rememberedJwt('RS256', pem)))),
})

export const fastifyRows = [
  httpRow('HTTP, JWT first seen, Fastify', {}, subjectsOf(oidcChain)),
  httpRow('HTTP, JWT seen before, Fastify', {}, subjectsOf(oidcCachedChain)),
]
