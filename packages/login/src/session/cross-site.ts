import { type AuthenticationError, rejected } from '@kube-authn/core'
import { isAuthenticationError } from '@kube-authn/core/internal/shared'

const crossSite = new WeakSet<AuthenticationError>()

/** The error of a session that does not count, since the request may be one of another site. */
export function crossSiteRejection(why: string): AuthenticationError {
  const error = rejected(`the session does not count: ${why}`)
  crossSite.add(error)
  return error
}

/** Whether a request was refused for that. @param cause of a refusal: an error, which may aggregate several. */
export function isCrossSite(cause: unknown): boolean {
  return (
    isAuthenticationError(cause) && (crossSite.has(cause) || cause.errors.some((each) => crossSite.has(each)))
  )
}
