// The same Worker as a Hono app.
import { authenticatorChain } from '@kube-authn/core'
import { oidc } from '@kube-authn/core/oidc'
import { authentication } from '@kube-authn/hono'
import { Hono } from 'hono'

let authenticate

export default new Hono()
  .use((c, next) => {
    authenticate ??= authentication(authenticatorChain({ tokens: [tokensOf(c.env.ISSUER, c.env.AUDIENCE)] }))
    return authenticate(c, next)
  })
  .get('/', (c) => c.text(`Hello ${c.var.user.username}`))

function tokensOf(url, audience) {
  return oidc({
    issuer: url,
    audience,
    usernamePrefix: 'oidc:',
    groupsClaim: 'groups',
    groupsPrefix: 'oidc:',
  })
}
