import type { Authenticator, TokenAuthenticator } from '@kube-authn/core'
import { type RevocationSource, unlessRevoked } from '@kube-authn/core/internal'

/** A chain with its token authenticators. */
interface Chain {
  readonly chain: Authenticator
  readonly tokens: readonly TokenAuthenticator[]
}

/** The same chain, which refuses what is revoked. */
export function refuseRevoked(revocations: RevocationSource | undefined, { chain, tokens }: Chain): Chain {
  if (revocations === undefined) return { chain, tokens }
  return {
    chain: unlessRevoked(revocations, chain),
    tokens: tokens.map((each) => unlessRevoked(revocations, each)),
  }
}
