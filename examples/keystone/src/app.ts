import type { Authenticator } from '@kube-authn/core'
import { authentication } from '@kube-authn/koa'
import Koa from 'koa'

/** An app that shows the user of a request, and the credential headers that reached the app. */
export function createApp(authenticator: Authenticator): Koa {
  const app = new Koa()
  app.use(authentication(authenticator)).use((ctx) => {
    const { username, uid, groups, extra } = ctx.state.user
    if (ctx.path === '/whoami') ctx.body = { username, uid, groups, extra }
    if (ctx.path === '/headers') {
      const names = ctx.req.rawHeaders.filter((_, index) => index % 2 === 0)
      ctx.body = names
        .map((name) => name.toLowerCase())
        .filter((name) => ['authorization', 'x-auth-token'].includes(name))
    }
  })
  return app
}
