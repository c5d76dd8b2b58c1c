import type { AuthenticationRequest, Clock, ConfigurationProblem, Observer } from '@kube-authn/core'
import {
  aClock,
  aPathPrefix,
  optionProblems,
  refuseProblems,
  withFurtherProblems,
  withMethods,
} from '@kube-authn/core/internal'
import { aFunction, type OptionsShape, required } from '@kube-authn/core/adapter'
import type { AuditEvent } from './event.ts'
import type { AuditPolicy } from './policy.ts'
import { someTrustedProxies, type TrustedProxies } from './source-ips.ts'

/** Options of {@link auditLog}. */
export interface AuditLogOptions {
  /** Receives each event. It must not block: start asynchronous work and return. */
  readonly write: (event: AuditEvent) => void
  /**
   * Decides which requests are logged, as `auditPolicy` of `@kube-authn/audit` does. Default: every request, at level Metadata.
   */
  readonly policy?: AuditPolicy
  /**
   * What the paths of the Kubernetes API begin with, as in `/cluster`: the same as `prefix` of `impersonation` and `authorization`. The verb and the object of an event
   * are read from the path after it, and other paths have no object. `requestURI` is always as sent. Default: none.
   */
  readonly prefix?: string
  /**
   * The proxies whose `X-Forwarded-For` or `X-Real-Ip` is trusted for `sourceIPs`: the number of proxies in front of the server, or their
   * addresses and ranges. Default: none, so `sourceIPs` is the peer address.
   */
  readonly trustedProxies?: TrustedProxies
  /** The source addresses of a request, the client first, instead of `trustedProxies`: for runtimes without a peer address. */
  readonly sourceIPs?: (request: AuthenticationRequest) => readonly string[]
  /** Generates the `auditID` of a request that has none. Default `crypto.randomUUID`. */
  readonly newId?: () => string
  /** Receives the activity of the log, which `metrics()` counts. */
  readonly observer?: Observer
  readonly clock?: Clock
}

/** The checks of {@link AuditLogOptions}, for packages that extend these options. */
export const auditLogShape: OptionsShape<AuditLogOptions> = {
  write: required(aFunction),
  policy: withMethods('a policy, as auditPolicy(...) makes', 'rulingOn'),
  prefix: aPathPrefix,
  trustedProxies: someTrustedProxies,
  sourceIPs: aFunction,
  newId: aFunction,
  observer: aFunction,
  clock: aClock,
}

/** @throws {ConfigurationError} if an option is invalid. */
export function checkAuditLogOptions(options: AuditLogOptions): void {
  refuseProblems(withFurtherProblems(optionProblems(auditLogShape, options), options, furtherProblems))
}

function furtherProblems({
  sourceIPs,
  trustedProxies,
}: Partial<AuditLogOptions>): readonly ConfigurationProblem[] {
  if (sourceIPs === undefined || trustedProxies === undefined) return []
  return [{ path: 'sourceIPs', message: 'must not be given together with trustedProxies' }]
}
