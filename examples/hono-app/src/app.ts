import { authenticatorChain } from '@kube-authn/core'
import { oidc } from '@kube-authn/core/oidc'
import { tokenFile } from '@kube-authn/core/token-file'
import { authentication } from '@kube-authn/hono'
import { Hono } from 'hono'

/** The tokens that the app accepts. */
export interface AppOptions {
  /** Static tokens as a CSV string. */
  readonly tokensCsv: string
  /** An OpenID Connect provider, and the audience of its tokens. */
  readonly issuer?: { readonly url: string; readonly audience: string }
}

/** An app that requires a token. It runs wherever Hono runs. */
export function createApp({ tokensCsv, issuer }: AppOptions) {
  const ofIssuer =
    issuer &&
    oidc({
      issuer: issuer.url,
      audience: issuer.audience,
      usernamePrefix: '',
      groupsClaim: 'groups',
    })
  const authenticator = authenticatorChain({
    tokens: [tokenFile(tokensCsv), ...(ofIssuer === undefined ? [] : [ofIssuer])],
  })
  return new Hono()
    .use(authentication(authenticator))
    .get('/', (c) => c.text(`Hello ${c.var.user.username}, you are in ${c.var.user.groups.join(', ')}\n`))
}
