import { authentication } from '@kube-authn/koa'
import { createAuthenticator } from '@kube-authn/node'
import Koa from 'koa'

/** An app that requires a token of this file. */
export function createApp(tokenFile: string): Koa {
  const app = new Koa()
  app.use(authentication(createAuthenticator({ tokenFile }))).use((ctx) => {
    ctx.body = `Hello ${ctx.state.user.username}, you are in ${ctx.state.user.groups.join(', ')}\n`
  })
  return app
}
