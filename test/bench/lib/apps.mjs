// Creates an app of each framework with a given middleware.
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import { expressMiddleware, koaMiddleware, listener } from './drivers.mjs'

export const noop = {
  express: (_req, _res, next) => next(),
  koa: (_ctx, next) => next(),
  hono: (_c, next) => next(),
}

/** An app `(req, res)` with this middleware that responds with `ok`. */
export const listenerOf = {
  express(middleware) {
    const app = express()
    if (middleware !== undefined) app.use(middleware)
    app.get('/', (_req, res) => {
      res.send('ok')
    })
    app.use((error, _req, res, _next) => {
      res.statusCode = error.status ?? 500
      res.end()
    })
    return app
  },
  koa(middleware) {
    const app = new Koa()
    if (middleware !== undefined) app.use(middleware)
    app.use((ctx) => {
      ctx.body = 'ok'
    })
    return app.callback()
  },
  hono(middleware) {
    const app = new Hono()
    if (middleware !== undefined) app.use(middleware)
    app.get('/', (c) => c.text('ok'))
    return getRequestListener(app.fetch)
  },
}

/** A middleware as an operation: alone in Express and Koa; in a complete app in Hono, whose middleware cannot be called alone. */
export const operationOf = {
  express: (middleware, headerSets) => expressMiddleware(express(), middleware, headerSets),
  koa: (middleware, headerSets) => koaMiddleware(new Koa(), middleware, headerSets),
  hono: (middleware, headerSets) => listener(listenerOf.hono(middleware), headerSets),
}
