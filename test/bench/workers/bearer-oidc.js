// A minimal Worker with bearer tokens of an OpenID Connect provider, measured by .ci/size-limit.config.mjs.
import { authenticateRequest, fetchRequest } from '@kube-authn/core/adapter'
import { authenticatorChain } from '@kube-authn/core'
import { oidc } from '@kube-authn/core/oidc'

let authenticate

export default {
  async fetch(request, { ISSUER: url, AUDIENCE: audience }) {
    authenticate ??= authenticateRequest(authenticatorChain({ tokens: [tokensOf(url, audience)] }))
    const outcome = await authenticate(fetchRequest(request))
    if ('failure' in outcome) return outcome.failure.getResponse()
    return new Response(`Hello ${outcome.authentication.user.username}`)
  },
}

function tokensOf(url, audience) {
  return oidc({
    issuer: url,
    audience,
    usernamePrefix: 'oidc:',
    groupsClaim: 'groups',
    groupsPrefix: 'oidc:',
  })
}
