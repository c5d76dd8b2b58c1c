import type { Clock } from '../internal/clock.ts'
import type { ConfigurationProblem } from '../authenticator/errors.ts'
import type { Observer } from '../authenticator/events.ts'
import {
  aClock,
  aFunction,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  required,
  withFurtherProblems,
  withMethods,
} from '../internal/options/index.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { AuditEvent } from './event.ts'
import type { AuditPolicy } from './policy.ts'
import { someTrustedProxies, type TrustedProxies } from './source-ips.ts'

/** Options of {@link auditLog}. */
export interface AuditLogOptions {
  /** Takes each event. It must not wait: start work of its own and return. */
  readonly write: (event: AuditEvent) => void
  /**
   * Decides which requests are logged, as `auditPolicy` of `@kube-authn/core/audit-policy` does. Default: every request, at level Metadata.
   */
  readonly policy?: AuditPolicy
  /**
   * The proxies whose `X-Forwarded-For` or `X-Real-Ip` counts in `sourceIPs`: how many of them a request comes through, or their addresses and
   * ranges. Default: none, and `sourceIPs` is the address of the peer.
   */
  readonly trustedProxies?: TrustedProxies
  /** Where a request came from, the client first, in the place of what `trustedProxies` finds: for runtimes that do not tell the peer. */
  readonly sourceIPs?: (request: AuthenticationRequest) => readonly string[]
  /** Makes the `auditID` of a request that has none of its own. Default `crypto.randomUUID`. */
  readonly newId?: () => string
  /** Told what the log does, as `metrics()` counts it. */
  readonly observer?: Observer
  readonly clock?: Clock
}

/** The checks of {@link AuditLogOptions}, for packages whose options have more. */
export const auditLogShape: OptionsShape<AuditLogOptions> = {
  write: required(aFunction),
  policy: withMethods('a policy, as auditPolicy(...) makes', 'rulingOn'),
  trustedProxies: someTrustedProxies,
  sourceIPs: aFunction,
  newId: aFunction,
  observer: aFunction,
  clock: aClock,
}

/** @throws {ConfigurationError} when an option cannot work. */
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
