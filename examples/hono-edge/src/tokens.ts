import type { TokenAuthenticator } from '@kube-authn/core'
import { type GetFetch, oidc } from '@kube-authn/core/oidc'
import {
  CREDENTIAL_ID_KEY,
  serviceAccountUser,
  splitServiceAccountUsername,
} from '@kube-authn/core/service-account'

/** An issuer of tokens. */
export interface IssuerOptions {
  /** The issuer's URL, which is also the base of its discovery document. */
  readonly url: string
  /** The audience that tokens must have. */
  readonly audience: string
  /** Fetches its keys. Default: the runtime's `fetch`. */
  readonly fetch?: GetFetch
}

/** Users of an OpenID Connect provider, with the prefix `oidc:`, so that their names differ from those of all other users. */
export function oidcTokens({ url, audience, ...rest }: IssuerOptions): TokenAuthenticator {
  return oidc({
    issuer: url,
    audience,
    usernamePrefix: 'oidc:',
    groupsClaim: 'groups',
    groupsPrefix: 'oidc:',
    ...rest,
  })
}

/**
 * Service accounts of a cluster, which publishes its keys as an OpenID Connect provider does. Only the cluster knows whether an account
 * and its pod still exist: here a token is valid until it expires.
 */
export function serviceAccountTokens({ url, audience, ...rest }: IssuerOptions): TokenAuthenticator {
  const tokens = oidc({
    issuer: url,
    audience,
    usernamePrefix: '',
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
