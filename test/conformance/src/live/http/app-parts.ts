import { type Authenticator, authenticatorChain, type Observer } from '@kube-authn/core'
import { type AuditEvent, auditLog } from '@kube-authn/audit'
import type { Authorizer } from '@kube-authn/core/authorization'
import type { HandleReviewsOptions } from '@kube-authn/api'
import type { ImpersonateRequestOptions } from '@kube-authn/core/internal'
import { requestHeader } from '@kube-authn/core/client-certificate'

/** The parts of an app, for every framework. */
export interface AppParts {
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  readonly common: { readonly observer: Observer; readonly log: false }
  readonly impersonation: Pick<ImpersonateRequestOptions, 'kubernetesVersion'>
  readonly reviews: Pick<HandleReviewsOptions, 'tokens' | 'audiences'>
  /** The audit events so far. */
  readonly events: AuditEvent[]
}

/** An app behind a front proxy whose headers are trusted: its own authentication is compared elsewhere. */
export function appParts(
  authorizer: Authorizer,
  { impersonation = {}, reviews = {} }: Partial<Pick<AppParts, 'impersonation' | 'reviews'>> = {},
): AppParts {
  const events: AuditEvent[] = []
  return {
    authenticator: authenticatorChain({
      requestHeader: requestHeader({
        trusts: () => true,
        usernameHeaders: ['X-Remote-User'],
        uidHeaders: ['X-Remote-Uid'],
        groupHeaders: ['X-Remote-Group'],
        extraHeaderPrefixes: ['X-Remote-Extra-'],
      }),
    }),
    authorizer,
    common: { observer: auditLog({ write: (event) => events.push(event) }), log: false },
    impersonation,
    reviews,
    events,
  }
}
