import { createServer, type Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import type { Authenticator, UserInfo } from '@kube-authn/core'
import * as forExpress from '@kube-authn/express'
import * as forHono from '@kube-authn/hono'
import * as forKoa from '@kube-authn/koa'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import type { Framework } from '../http/framework-apps.ts'

/** Who the caller is: JSON in base64. */
export const USER_HEADER = 'x-user'

/** A server that tells every caller at every path who they are. It does not listen yet. */
export function whoamiServer(framework: Framework, authenticator: Authenticator): Server {
  switch (framework) {
    case 'express': {
      const app = express()
      app.use(forExpress.authentication(authenticator))
      app.use((req, res) => {
        res.set(USER_HEADER, shown(forExpress.getUser(req))).json({})
      })
      return createServer(app)
    }
    case 'koa': {
      const app = new Koa()
      app.silent = true
      app.use(forKoa.authentication(authenticator)).use((ctx) => {
        ctx.set(USER_HEADER, shown(ctx.state.user))
        ctx.body = {}
      })
      const handle = app.callback()
      return createServer((request, response) => void handle(request, response))
    }
    case 'hono': {
      const app = new Hono()
      app.use(forHono.authentication(authenticator))
      app.all('*', (context) => context.json({}, 200, { [USER_HEADER]: shown(forHono.getUser(context)) }))
      return createAdaptorServer({ fetch: app.fetch, createServer }) as Server
    }
  }
}

function shown(user: UserInfo | undefined): string {
  return Buffer.from(JSON.stringify(user ?? null)).toString('base64')
}
