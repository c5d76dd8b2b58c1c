import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Authenticator, UserInfo } from '@kube-authn/core'
import * as forExpress from '@kube-authn/express'
import * as forHono from '@kube-authn/hono'
import * as forKoa from '@kube-authn/koa'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import type { Framework } from '../http/framework-apps.ts'

/** The user: JSON in base64, for responses without a body. */
export const USER_HEADER = 'x-user'

/** An app that returns the user at every path, in a header and in JSON. */
export function whoamiApp(framework: Framework, authenticator: Authenticator): RequestListener {
  switch (framework) {
    case 'express': {
      const app = express()
      app.use(forExpress.authentication(authenticator, { log: false }))
      app.use((req, res) => {
        const user = forExpress.getUser(req)
        res.set(USER_HEADER, shown(user)).json({ user })
      })
      return app
    }
    case 'koa': {
      const app = new Koa()
      app.silent = true
      app.use(forKoa.authentication(authenticator, { log: false })).use((ctx) => {
        ctx.set(USER_HEADER, shown(ctx.state.user))
        ctx.body = { user: ctx.state.user }
      })
      const handle = app.callback()
      return (request, response) => void handle(request, response)
    }
    case 'hono': {
      const app = new Hono()
      app.use(forHono.authentication(authenticator, { log: false }))
      app.all('*', (context) => {
        const user = forHono.getUser(context)
        return context.json({ user }, 200, { [USER_HEADER]: shown(user) })
      })
      const handle = getRequestListener(app.fetch)
      return (request, response) => void handle(request, response)
    }
  }
}

function shown(user: UserInfo | undefined): string {
  return Buffer.from(JSON.stringify(user ?? null)).toString('base64')
}
