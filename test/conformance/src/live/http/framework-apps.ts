import { createServer, type Server, type ServerOptions } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import * as forExpress from '@kube-authn/express'
import { reviews as expressReviews } from '@kube-authn/express/reviews'
import * as forHono from '@kube-authn/hono'
import { reviews as honoReviews } from '@kube-authn/hono/reviews'
import * as forKoa from '@kube-authn/koa'
import { reviews as koaReviews } from '@kube-authn/koa/reviews'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import type { AppParts } from './app-parts.ts'

export const FRAMEWORKS = ['express', 'koa', 'hono'] as const
export type Framework = (typeof FRAMEWORKS)[number]

const AUTHORIZED = { app: 'authorized' }
/** The app's response to requests that pass all middlewares. */
export const APP_ANSWER: string = JSON.stringify(AUTHORIZED)
/** kube-apiserver accepts headers up to 1 MiB. */
const serverOptions: ServerOptions = { maxHeaderSize: 1024 * 1024 }

/** A server of a framework with all middlewares. It does not listen yet. */
export function serverOf(framework: Framework, parts: AppParts): Server {
  switch (framework) {
    case 'express':
      return createServer(serverOptions, expressApp(parts))
    case 'koa': {
      const handle = koaApp(parts).callback()
      return createServer(serverOptions, (request, response) => void handle(request, response))
    }
    case 'hono': {
      const { fetch } = honoApp(parts)
      return createAdaptorServer({ fetch, createServer, serverOptions }) as Server
    }
  }
}

function expressApp({
  authenticator,
  authorizer,
  common,
  impersonation,
  reviews,
}: AppParts): express.Express {
  const app = express()
  app.use(forExpress.authentication(authenticator, common))
  app.use(forExpress.impersonation(authorizer, { ...common, ...impersonation }))
  app.use(expressReviews(authorizer, { ...common, ...reviews }))
  app.use(forExpress.authorization(authorizer, common))
  app.use((_req, res) => {
    res.json(AUTHORIZED)
  })
  return app
}

function koaApp({ authenticator, authorizer, common, impersonation, reviews }: AppParts): Koa {
  const app = new Koa()
  app.use(forKoa.authentication(authenticator, common))
  app.use(forKoa.impersonation(authorizer, { ...common, ...impersonation }))
  app.use(koaReviews(authorizer, { ...common, ...reviews }))
  app.use(forKoa.authorization(authorizer, common))
  app.use((ctx) => {
    ctx.body = AUTHORIZED
  })
  return app
}

function honoApp({ authenticator, authorizer, common, impersonation, reviews }: AppParts): Hono {
  const app = new Hono()
  app.use(forHono.authentication(authenticator, common))
  app.use(forHono.impersonation(authorizer, { ...common, ...impersonation }))
  app.use(honoReviews(authorizer, { ...common, ...reviews }))
  app.use(forHono.authorization(authorizer, common))
  app.all('*', (context) => context.json(AUTHORIZED))
  return app
}
