// Apps of each framework with a given middleware.
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import Koa from 'koa'
import { koaMiddleware, listener, nodeMiddleware } from './drivers.mjs'

export const noop = {
  express: (_req, _res, next) => next(),
  koa: (_ctx, next) => next(),
  hono: (_c, next) => next(),
}

/** The smallest app `(req, res)` with this middleware. */
export const smallApp = {
  express(middleware) {
    const app = express()
    app.use(middleware)
    app.get('/', (_req, res) => {
      res.send('ok')
    })
    return app
  },
  koa(middleware) {
    const app = new Koa()
    app.use(middleware)
    app.use((ctx) => {
      ctx.body = 'ok'
    })
    return app.callback()
  },
  hono(middleware) {
    const app = new Hono()
    app.use(middleware)
    app.get('/', (c) => c.text('ok'))
    return getRequestListener(app.fetch)
  },
}

/** A middleware as an operation, with a request of Node's own class: alone in Express and Koa, and in an app in Hono, whose middleware cannot be called alone. */
export const operationOf = {
  express: nodeMiddleware,
  koa: (middleware, headerSets) => koaMiddleware(new Koa(), middleware, headerSets),
  hono: (middleware, headerSets) => listener(smallApp.hono(middleware), headerSets),
}

/** The headers that `helmet()` sets. */
const SECURITY_HEADERS = Object.entries({
  'Content-Security-Policy':
    "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Origin-Agent-Cluster': '?1',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
  'X-DNS-Prefetch-Control': 'off',
  'X-Download-Options': 'noopen',
  'X-Frame-Options': 'SAMEORIGIN',
  'X-Permitted-Cross-Domain-Policies': 'none',
  'X-XSS-Protection': '0',
})

/** A page of orders: 2 kB of JSON. */
const orders = () => ({
  items: Array.from({ length: 22 }, (_, index) => ({
    id: `order-${index}`,
    customer: `customer-${index * 7}`,
    state: index % 3 === 0 ? 'open' : 'sent',
    totalCents: 1999 + index,
  })),
})

/** An app as people have them: security headers, and 2 kB of JSON for each request. Without a middleware it is the bare app. */
export const realApp = {
  express(middleware) {
    const app = express()
    app.use((_req, res, next) => {
      for (const [name, value] of SECURITY_HEADERS) res.setHeader(name, value)
      next()
    })
    if (middleware !== undefined) app.use(middleware)
    app.get('/', (_req, res) => {
      res.json(orders())
    })
    return app
  },
  koa(middleware) {
    const app = new Koa()
    app.use((ctx, next) => {
      for (const [name, value] of SECURITY_HEADERS) ctx.set(name, value)
      return next()
    })
    if (middleware !== undefined) app.use(middleware)
    app.use((ctx) => {
      ctx.body = orders()
    })
    return app.callback()
  },
  hono(middleware) {
    const app = new Hono()
    app.use(secureHeaders())
    if (middleware !== undefined) app.use(middleware)
    app.get('/', (c) => c.json(orders()))
    return getRequestListener(app.fetch)
  },
  /** @param plugin registers what authenticates. */
  async fastify(plugin) {
    const app = fastify()
    app.addHook('onRequest', (_request, reply, done) => {
      for (const [name, value] of SECURITY_HEADERS) reply.header(name, value)
      done()
    })
    await plugin?.(app)
    app.get('/', () => orders())
    await app.ready()
    return (req, res) => app.routing(req, res)
  },
}
