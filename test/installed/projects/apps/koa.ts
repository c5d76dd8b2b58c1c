import { createServer } from 'node:http'
import type { UserInfo } from '@kube-authn/core'
import { authentication } from '@kube-authn/koa'
import { createAuthenticator } from '@kube-authn/node'
import Koa from 'koa'
import { ask } from './ask.js'

const app = new Koa()
app
  .use(authentication(createAuthenticator({ tokenFile: 'tokens.csv', passwordFile: 'passwords.csv' })))
  .use((ctx) => {
    const user: UserInfo = ctx.state.user
    ctx.body = [user.username, user.username]
  })
await ask('koa', createServer(app.callback()))
