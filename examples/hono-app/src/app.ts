import { authenticatorChain } from '@kube-authn/core'
import { tokenFile } from '@kube-authn/core/token-file'
import { authentication } from '@kube-authn/hono'
import { Hono } from 'hono'

/** An app that nobody enters without a token of this CSV text. It runs wherever Hono runs. */
export function createApp(tokensCsv: string) {
  const authenticator = authenticatorChain({ tokens: [tokenFile(tokensCsv)] })
  return new Hono()
    .use(authentication(authenticator))
    .get('/', (c) => c.text(`Hello ${c.var.user.username}, you are in ${c.var.user.groups.join(', ')}\n`))
}
