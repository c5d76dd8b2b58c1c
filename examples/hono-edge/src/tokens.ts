import type { TokenAuthenticator } from '@kube-authn/core'
import { type GetFetch, oidc } from '@kube-authn/core/oidc'
import {
  CREDENTIAL_ID_KEY,
  serviceAccountUser,
  splitServiceAccountUsername,
} from '@kube-authn/core/service-account'

/** Whose tokens. */
export interface IssuerOptions {
  /** What the issuer calls itself, and where it says what its keys are. */
  readonly url: string
  /** What tokens have to be for. */
  readonly audience: string
  /** How its keys are fetched. Default: as the runtime does. */
  readonly fetch?: GetFetch
}

/** Users of an OpenID Connect provider, with `oidc:` before every name, so that nobody there is anybody who is known otherwise. */
export function oidcTokens({ url, audience, ...rest }: IssuerOptions): TokenAuthenticator {
  return oidc({
    issuer: { url, audiences: [audience] },
    claimMappings: {
      username: { claim: 'sub', prefix: 'oidc:' },
      groups: { claim: 'groups', prefix: 'oidc:' },
    },
    ...rest,
  })
}

/**
 * Service accounts of a cluster, which publishes its keys as an OpenID Connect provider does. Whether an account and its pod are still
 * there only the cluster knows: here a token counts until it expires.
 */
export function serviceAccountTokens({ url, audience, ...rest }: IssuerOptions): TokenAuthenticator {
  const tokens = oidc({
    issuer: { url, audiences: [audience] },
    claimMappings: { username: { claim: 'sub', prefix: '' } },
    ...rest,
  })
  return {
    name: 'serviceAccountTokens',
    async authenticateToken(token, context) {
      const known = await tokens.authenticateToken(token, context)
      if (known === undefined) return undefined
      // Throws for any other name: a cluster has no other users.
      const account = splitServiceAccountUsername(known.user.username)
      const [credentialId = ''] = known.user.extra[CREDENTIAL_ID_KEY] ?? []
      return { ...known, user: serviceAccountUser({ ...account, credentialId }) }
    },
  }
}
