import type { Authentication } from '@kube-authn/core'
import { type Watch, watchAny } from '@kube-authn/core/internal/shared'

type CredentialRevocation = NonNullable<Authentication['revocation']>

/** Ends with a session, which was there when it was found for this request, and with what else ends its credential. */
export function sessionRevocation(
  watch: Watch,
  besides: CredentialRevocation | undefined,
): CredentialRevocation {
  return {
    isRevoked: () => besides?.isRevoked() ?? false,
    watch: (onRevoked) => watchAny([watch, (end) => besides?.watch(end)], onRevoked),
    actingAs: (user) => sessionRevocation(watch, besides?.actingAs(user)),
  }
}
