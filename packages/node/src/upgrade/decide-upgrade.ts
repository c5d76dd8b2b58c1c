import type { IncomingMessage } from 'node:http'
import type { Authentication, Authenticator, AuthenticationRequest, HeaderChanges } from '@kube-authn/core'
import type { StatusError } from '@kube-authn/core/adapter'
import { authenticateRequest, authorizeRequest, impersonateRequest } from '@kube-authn/core/adapter'
import { without } from '@kube-authn/core/internal'
import type { RequestAttributes } from '@kube-authn/core/authorization'
import type { AuthenticateUpgradeOptions } from './upgrade-options.ts'

/** What becomes of an upgrade. */
export type UpgradeOutcome = (
  | { readonly authentication: Authentication }
  | { readonly failure: StatusError }
) & { readonly headerChanges: HeaderChanges }

/** Decides about an upgrade. It never rejects. */
export type DecideUpgrade = (
  request: AuthenticationRequest,
  message: IncomingMessage,
  signal: AbortSignal,
) => Promise<UpgradeOutcome>

/** Authentication, then impersonation, then authorization, as the middlewares of an adapter in this order. */
export function decideUpgrade(
  authenticator: Authenticator,
  options: AuthenticateUpgradeOptions,
): DecideUpgrade {
  const { impersonation, authorization, attributes, prefix } = options
  const ofAuthentication = without(options, ...OWN)
  const { observer, log = authenticator.log } = options
  const telling = { ...(observer !== undefined && { observer }), ...(log !== undefined && { log }) }
  const authenticate = authenticateRequest(authenticator, ofAuthentication)
  const deciding = { ...telling, ...(prefix !== undefined && { prefix }) }
  const impersonate = impersonation && impersonateRequest(impersonation, deciding)
  const authorize = authorization && authorizeRequest(authorization, deciding)

  return async function decideOne(request, message, signal) {
    const known: { attributes?: () => RequestAttributes } =
      attributes === undefined ? {} : { attributes: () => attributes(message) }
    const first = await authenticate(request, { impersonates: impersonate !== undefined, signal })
    if ('failure' in first) return first
    let { authentication } = first
    let { headerChanges } = first
    if (impersonate !== undefined) {
      const { revocation } = authentication
      const acting = await impersonate(request, authentication.user, { ...known, signal, revocation })
      headerChanges = bothChanges(headerChanges, acting.headerChanges)
      if ('failure' in acting) return { failure: acting.failure, headerChanges }
      if (acting.requester !== undefined && acting.user !== undefined) {
        authentication = {
          ...authentication,
          user: acting.user,
          requester: acting.requester,
          ...(acting.revocation !== undefined && { revocation: acting.revocation }),
        }
      }
    } else if (first.held !== undefined) return { failure: first.held.failure, headerChanges }
    if (authorize === undefined) return { authentication, headerChanges }
    const allowed = await authorize(request, authentication.user, { ...known, signal })
    return 'failure' in allowed
      ? { failure: allowed.failure, headerChanges }
      : { authentication, headerChanges }
  }
}

/** The options that are not those of authentication. */
const OWN = [
  'handles',
  'impersonation',
  'authorization',
  'attributes',
  'prefix',
  'maxConnectionSeconds',
  'closeTimeoutSeconds',
  'onError',
  'clock',
] as const

function bothChanges(one: HeaderChanges, other: HeaderChanges): HeaderChanges {
  return {
    remove: [...one.remove, ...other.remove],
    removePrefixes: [...(one.removePrefixes ?? []), ...(other.removePrefixes ?? [])],
    removeTwinsOf: [...(one.removeTwinsOf ?? []), ...(other.removeTwinsOf ?? [])],
    removeCookies: [...(one.removeCookies ?? []), ...(other.removeCookies ?? [])],
    replace: [...(one.replace ?? []), ...(other.replace ?? [])],
  }
}
